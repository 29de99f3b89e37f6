// How the relay reads the log: one question at a time, whose answer is made while the relay works on the last one.
#pragma once

#include <cstddef>
#include <vector>

#include "events/event_store.h"

namespace ordersaga::relay {

// What a record counts for, beside its payload and metadata: its headers on Kafka, roughly.
inline constexpr std::size_t kRecordOverhead = 512;
// The least that may be asked for at a time: the largest record fits.
inline constexpr std::size_t kLeastBytes = events::kMaxRecordBytes + kRecordOverhead;

struct TailQuestion {
  struct Part {
    Shard shard;
    Position after;
    std::size_t records;  // at most
    // Why to ask the store where nothing tells that it has news (recent_tail.h).
    bool look = true;  // it is time to
    bool more = true;  // the last answer was as long as it might be, or there was none: there may be more
  };
  std::vector<Part> parts;  // of different shards
  std::size_t bytes_each;   // of each part at most, with kRecordOverhead a record. REQUIRES: ≥ kLeastBytes
  Epoch epoch{1};           // of the log, as far as is known
};

// Where an answer's records are from.
struct TailAnswer {
  std::size_t from_memory = 0;  // the others are from the store
  std::size_t untold = 0;       // found by looking alone: another process has appended them
  bool looked = true;           // the store was asked for all that memory does not answer
  bool more = false;            // of what memory began, the store has the rest
};

// One thread. Throws StoreError.
class LogTail {
 public:
  virtual ~LogTail() = default;
  // REQUIRES: no answer is awaited.
  virtual void ask(const TailQuestion& question) = 0;
  virtual bool awaits() const = 0;
  // Waits for the answer: the parts in their order, each a run of records from `after` on. REQUIRES: awaits(). Nothing is
  // awaited any more, even when it throws.
  virtual TailAnswer take(std::vector<events::RecordedEvent>& out) = 0;

  // From now on the shard is asked about, upwards; or no more. Hints: what is asked is answered in any case.
  virtual void follow(Shard) {}
  virtual void leave(Shard) {}
};

// Over any store; it reads when the answer is taken.
class StoreTail final : public LogTail {
 public:
  explicit StoreTail(events::EventStore& store) : store_(store) {}
  void ask(const TailQuestion& question) override;
  bool awaits() const override { return awaits_; }
  TailAnswer take(std::vector<events::RecordedEvent>& out) override;

 private:
  events::EventStore& store_;
  TailQuestion question_;
  bool awaits_ = false;
};

}  // namespace ordersaga::relay
