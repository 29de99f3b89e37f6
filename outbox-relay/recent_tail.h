// The log's tail where the process that publishes also appends: what was committed here a moment ago comes from memory
// (events/recent_records.h), and only the rest from the store.
#pragma once

#include <chrono>
#include <map>
#include <vector>

#include "events/recent_records.h"
#include "outbox-relay/log_tail.h"
#include "runtime/clock.h"

namespace ordersaga::relay {

// Of each part, memory answers what it has right above `after`. The store is asked for the others where
// - memory knows that there is more than it holds,
// - nobody here has appended what stands there, and there may be more, or it is time to look,
// - the last record is from here, but none has come for kTrust, and it is time to look;
// and when that is none of them, no round trip is made.
// Records of an answer that fails are not in memory any more; who asks again gets them from the store.
class RecentTail final : public LogTail {
 public:
  // While records of a shard go on coming from here, nobody else is looked for there: what another process commits in between
  // shows at the next record from here. And looking is dear then: the store passes over every row of the turn that is under way.
  static constexpr std::chrono::microseconds kTrust{1'000'000};

  // All outlive it. Nobody else takes from `recent`.
  RecentTail(events::RecentRecords& recent, LogTail& store, const runtime::Clock& clock) : recent_(recent), store_(store), clock_(clock) {}
  ~RecentTail() override;
  RecentTail(const RecentTail&) = delete;
  RecentTail& operator=(const RecentTail&) = delete;

  void ask(const TailQuestion& question) override;
  bool awaits() const override { return awaits_; }
  TailAnswer take(std::vector<events::RecordedEvent>& out) override;
  void follow(Shard shard) override;
  void leave(Shard shard) override;

 private:
  bool asks_store(events::RecentRecords::Above above, const TailQuestion::Part& part) const;
  void put_together(std::vector<events::RecordedEvent>& out);

  events::RecentRecords& recent_;
  LogTail& store_;
  const runtime::Clock& clock_;
  std::map<Shard, std::chrono::microseconds> followed_;  // when each gave something last
  bool awaits_ = false;
  TailAnswer answer_;
  std::vector<Shard> parts_;   // of the question
  std::vector<Shard> untold_;  // of them, those in which nobody here has appended what is asked for
  std::vector<events::RecordedEvent> from_memory_;
  TailQuestion rest_;  // what the store is asked
  std::vector<events::RecordedEvent> from_store_;
};

}  // namespace ordersaga::relay
