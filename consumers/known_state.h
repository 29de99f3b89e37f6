// What a lane holds in memory of its shards, and how it fills what is missing. A shard whose head in the store is not where
// this lane left it has been written by somebody else: then nothing that is held of it counts.
#pragma once

#include <google/protobuf/arena.h>

#include <list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/event_store.h"
#include "sagas/turn.h"

namespace ordersaga::consumers {

// What an order's case takes in memory, roughly.
std::size_t bytes_of(const sagas::OrderCase& order_case);

// One thread. Between turns bounded by `max_bytes`, roughly: what was longest not needed is let go first.
class KnownState {
 public:
  KnownState(int shards, std::size_t max_bytes) : shards_(shards), max_bytes_(max_bytes) {}

  sagas::WorkingSet& working_set() { return set_; }
  const sagas::WorkingSet& working_set() const { return set_; }

  // Compares what is held with the locked heads, and drops what is outdated.
  void check(const events::TurnTransaction& transaction);
  // Loads what the inputs need and is not held: at most four statements, however many inputs.
  void load(events::TurnTransaction& transaction, std::span<const sagas::Input> inputs, events::LockRows lock);

  // After a commit: the heads are where this turn left them. Lets go of orders that have ended, and of what is too much.
  // `inputs`: those that were loaded for.
  void committed(Epoch epoch, std::span<const events::ShardPosition> heads, std::span<const sagas::Input> inputs);
  // After a turn that did not commit: what it touched is no longer true.
  void forget(std::span<const sagas::Input> inputs);
  void forget(Shard shard);

  // What is held, roughly; true between turns.
  std::size_t bytes() const;
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  void load_streams(events::TurnTransaction& transaction, const std::vector<std::string>& streams);
  void load_levels(events::TurnTransaction& transaction, const std::set<std::string>& skus, events::LockRows lock);

  void weigh(const sagas::OrderCase& order_case);
  void drop(std::string_view order_id);

  struct Head {
    Epoch epoch;
    Position position;
  };
  // Of a case that was held after a turn.
  struct Weight {
    std::size_t bytes = 0;
    std::list<std::string_view>::iterator use;
  };
  const int shards_;
  const std::size_t max_bytes_;
  sagas::WorkingSet set_;
  aggregates::StringMap<Weight> weights_;
  std::list<std::string_view> uses_;  // keys of weights_, longest not needed first
  std::size_t bytes_ = 0;             // their sum
  std::unordered_map<Shard, Head> heads_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace ordersaga::consumers
