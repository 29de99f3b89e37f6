// The latest records of the log, kept in the process that appended them: for a reader of the same process, who so need not ask
// the store for what was here a moment ago. A short cut and never the truth: what is missing here is in the store.
//
// Writers add what a commit has made durable, and nothing whose commit failed or is in doubt. Records are kept only of shards
// that a reader follows, and are moved: in by add(), out by take(). Of each shard there is one run without a gap, what the
// reader wants next at its front.
//
// Why what it gives is the log: positions of a shard are dense and in commit order, and a record of the run stands at its
// position since its commit. So what lies right above the reader's own last position is what the store would give. Another
// process' commits show as a gap between two adds, and the reader asks the store across it. A log that was taken back in time
// has a new epoch: records of one epoch are never given to who reads in another.
//
// Bounded in bytes, over all shards. What does not fit is not kept; then nothing more of that shard is until its run was taken:
// what the reader wants next is worth more than what it wants after that. So a reader that lags takes a part of the records
// from here and a part from the store, and everything from here again once it has caught up.
//
// Any thread; nothing blocks for long.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <span>
#include <vector>

#include "events/recorded_event.h"

namespace ordersaga::events {

class RecentRecords {
 public:
  // Of all records together, roughly (bytes_of).
  explicit RecentRecords(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // What one counts for.
  static std::size_t bytes_of(const NewRecord& record);

  // The reader. One a shard.

  // From here on records of the shard are kept; earlier ones are not there any more.
  void follow(Shard shard);
  void leave(Shard shard);

  struct Wanted {
    Shard shard;
    Epoch epoch;  // of the log, as the reader knows it
    Position after;
    std::size_t records;  // at most
    std::size_t bytes;    // of payload and metadata, with `bytes_beside` a record, at most
    std::size_t bytes_beside;
  };
  // What is known here of the log above the position that was asked about.
  enum class Above : std::uint8_t {
    unknown,  // nothing: who has appended there is not of this process
    nothing,  // the record at that position was the last one appended from here
    given,    // it was appended to `out`: all of it, or as much as was wanted
    cut,      // some of it was appended to `out`; the store has what follows
    missing,  // the store has it
  };
  // Moves the records right above `after` to the end of `out`; what is not above it is dropped.
  Above take(const Wanted& wanted, std::vector<RecordedEvent>& out);

  // The writer.

  // Records of one commit that is known to have succeeded, with their positions, in their order. Those of followed shards are
  // moved from. REQUIRES: as many positions as records.
  void add(Epoch epoch, std::span<NewRecord> records, std::span<const Position> positions, Timestamp recorded_at);
  // A writer is no longer certain of what it knows of these shards, or no longer their writer: nothing is known of them any more.
  void drop(std::span<const Shard> shards);

  // That are held.
  std::size_t bytes() const;

 private:
  struct Run {
    Epoch epoch;
    Position last;  // that was added, held or not; 0: none
    std::vector<RecordedEvent> records;
    std::size_t taken = 0;  // of them
    bool empty() const { return taken == records.size(); }
  };

  // All below: REQUIRES the mutex.
  void keep(Run& run, NewRecord& record, Position position, Timestamp recorded_at);
  void pop(Run& run);
  void tidy(Run& run);
  void clear(Run& run);

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::map<Shard, Run> runs_;  // of the followed shards
};

}  // namespace ordersaga::events
