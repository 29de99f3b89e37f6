// The log's tail where the process that publishes also appends: what was committed here a moment ago comes from memory
// (events/recent_records.h), and only the rest from the store.
#pragma once

#include <set>
#include <vector>

#include "events/recent_records.h"
#include "outbox-relay/log_tail.h"

namespace ordersaga::relay {

// Of each part, memory answers what it has right above `after`. The store is asked for the others where
// - memory knows that there is more than it holds,
// - nobody here has appended what stands there, and there may be more, or it is time to look,
// - the last record is from here, and it is time to look: another process may have taken the shard over;
// and when that is none of them, no round trip is made.
// Records of an answer that fails are not in memory any more; who asks again gets them from the store.
class RecentTail final : public LogTail {
 public:
  // Both outlive it. Nobody else takes from `recent`.
  RecentTail(events::RecentRecords& recent, LogTail& store) : recent_(recent), store_(store) {}
  ~RecentTail() override;
  RecentTail(const RecentTail&) = delete;
  RecentTail& operator=(const RecentTail&) = delete;

  void ask(const TailQuestion& question) override;
  bool awaits() const override { return awaits_; }
  TailAnswer take(std::vector<events::RecordedEvent>& out) override;
  void follow(Shard shard) override;
  void leave(Shard shard) override;

 private:
  void put_together(std::vector<events::RecordedEvent>& out);

  events::RecentRecords& recent_;
  LogTail& store_;
  std::set<Shard> followed_;
  bool awaits_ = false;
  TailAnswer answer_;
  std::vector<Shard> parts_;   // of the question
  std::vector<Shard> untold_;  // of them, those in which nobody here has appended what is asked for
  std::vector<events::RecordedEvent> from_memory_;
  TailQuestion rest_;  // what the store is asked
  std::vector<events::RecordedEvent> from_store_;
};

}  // namespace ordersaga::relay
