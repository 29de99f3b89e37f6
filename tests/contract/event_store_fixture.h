// What the two parts of the event store's contract have in common.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "events/errors.h"
#include "events/event_store.h"
#include "schemas/streams.h"

namespace ordersaga::events {

inline NewRecord event_of(const std::string& stream, int version, int shards, const std::string& payload = "p") {
  return {shard_of(stream_key(stream), shards), stream, Version(version), TypeNumber(101), payload, "m"};
}
inline NewRecord streamless(Shard shard, const std::string& payload = "p") {
  return {shard, "", Version(0), TypeNumber(601), payload, "m"};
}

template <class Stores>
class EventStoreFixture : public ::testing::Test {
 protected:
  static constexpr int kShards = Stores::kShards;
  Stores stores_;
  std::unique_ptr<EventStore> store_ = stores_.open();

  static Shard shard(int n) { return Shard(static_cast<std::int16_t>(n)); }
  static std::vector<Shard> all_shards() {
    std::vector<Shard> all;
    for (int n = 0; n < kShards; ++n) all.push_back(shard(n));
    return all;
  }
  static Shard of(const std::string& stream) { return shard_of(stream_key(stream), kShards); }
  // A stream of that shard, another for each n.
  static std::string stream_in(Shard shard, int n = 0) {
    for (int i = 0;; ++i) {
      std::string stream = "order-c" + std::to_string(i);
      if (of(stream) == shard && n-- == 0) return stream;
    }
  }
  static NewRecord event(const std::string& stream, int version, const std::string& payload = "p") {
    return event_of(stream, version, kShards, payload);
  }

  std::unique_ptr<TurnTransaction> begin(std::vector<Shard> shards) { return store_->begin(shards); }
  static Timestamp now_of(const TurnTransaction& turn) {
    Timestamp now = turn.clock();
    for (const ShardHead& h : turn.heads()) now = std::max(now, h.recorded_at);
    return now;
  }
  static WriteOutcome write_in(TurnTransaction& turn, const TurnWrite& what) { return turn.write(what, now_of(turn)); }
  // Writes and commits in a turn that locks all shards; gives the positions.
  std::vector<Position> commit(const TurnWrite& what) {
    auto turn = begin(all_shards());
    WriteOutcome outcome = write_in(*turn, what);
    if (!std::holds_alternative<Written>(outcome)) throw std::runtime_error("the write was not accepted");
    turn->commit();
    return std::get<Written>(outcome).positions;
  }
  // The outcome of a write that is not committed.
  WriteOutcome outcome_of(const TurnWrite& what) { return write_in(*begin(all_shards()), what); }
  static TurnWrite records(std::vector<NewRecord> records) {
    TurnWrite turn;
    turn.records = std::move(records);
    return turn;
  }
  static TurnWrite stock(std::vector<StockDelta> deltas) {
    TurnWrite turn;
    turn.stock = std::move(deltas);
    return turn;
  }
  std::vector<RecordedEvent> log_of(Shard shard) { return store_->read_shards(std::vector{ShardPosition{shard, Position(0)}}, 1000); }
  std::vector<RecordedEvent> everything() {
    std::vector<ShardPosition> from;
    for (Shard s : all_shards()) from.push_back({s, Position(0)});
    return store_->read_shards(from, 100000);
  }
};

}  // namespace ordersaga::events
