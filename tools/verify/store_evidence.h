// Evidence out of an EventStore that nobody writes to while it is judged: a simulation's memory store, or a test's.
#pragma once

#include <map>
#include <vector>

#include "events/event_store.h"
#include "tools/verify/evidence.h"

namespace ordersaga::verify {

// The log through the port. Also for a store that is written to: a scan ends at a fixed position.
class StoreLog final : public LogSource {
 public:
  // `store` must outlive it; one thread.
  explicit StoreLog(events::EventStore& store) : store_(store) {}
  int shards() const override { return store_.shards(); }
  void scan(Shard shard, Position upto, const Visit& visit) override;

 private:
  events::EventStore& store_;
};

// Heads, wake-ups and levels through the port; the inbox is asked for what the log holds. No read models.
// REQUIRES: no writer until the check has ended.
class QuietStoreTables final : public TableSource {
 public:
  explicit QuietStoreTables(events::EventStore& store) : store_(store) {}
  ShardSnapshot shard(Shard shard) override;
  LevelsAt levels() override;
  Inbox inbox(Shard shard, Position upto) override;

 private:
  events::EventStore& store_;
};

}  // namespace ordersaga::verify
