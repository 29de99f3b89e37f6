// A log in memory with records of every kind, for tests of the relay.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "events/codec.h"
#include "events/memory_event_store.h"
#include "events/recent_records.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "runtime/clock.h"
#include "schemas/streams.h"

namespace ordersaga::relay::testing {

// Stands until it is moved.
class ManualClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return start_ + passed_; }
  std::chrono::microseconds steady() const override { return passed_; }
  void pass(std::chrono::microseconds time) { passed_ += time; }

 private:
  runtime::WallTime start_{std::chrono::seconds(1'800'000'000)};
  std::chrono::microseconds passed_{std::chrono::hours(1)};
};

inline events::NewRecord streamless(Shard shard, const google::protobuf::Message& payload, const std::string& key) {
  ordersaga::log::v1::RecordMetadata metadata;
  metadata.set_key(key);
  return {shard, "", Version(0), events::number_of(payload.GetDescriptor()), payload.SerializeAsString(), metadata.SerializeAsString()};
}

class LogBook {
 public:
  LogBook(int shards, const runtime::Clock& clock)
      : log_({.shards = shards, .lock_timeout = {}, .clock = [&clock] { return clock.now(); }, .hooks = {}}),
        store_(log_),
        heads_(static_cast<std::size_t>(shards)) {}

  events::EventStore& store() { return store_; }
  events::MemoryLog& log() { return log_; }
  // Where what is appended is handed over, as a lane does in the relay's process; null: as another process.
  events::RecentRecords* hands_over = nullptr;

  Position head(Shard shard) const { return heads_.at(static_cast<std::size_t>(shard.value)); }

  void append(events::NewRecord record) {
    const Shard shard = record.shard;
    auto turn = store_.begin({&shard, 1});
    events::TurnWrite write;
    write.records.push_back(std::move(record));
    const Timestamp now = std::max(turn->clock(), turn->heads()[0].recorded_at);
    const events::WriteOutcome outcome = turn->write(write, now);
    ASSERT_TRUE(std::holds_alternative<events::Written>(outcome));
    turn->commit();
    if (hands_over != nullptr) hands_over->add(turn->epoch(), write.records, std::get<events::Written>(outcome).positions, now);
    Position& head = heads_.at(static_cast<std::size_t>(shard.value));
    head = head.next();
  }

  // An event of a new order in that shard, of some bytes at least.
  void append_event(Shard shard, std::size_t bytes = 0) {
    const std::string order = order_in(shard);
    order::v1::OrderPlaced placed;
    placed.set_order_id(order);
    placed.set_notes(std::string(bytes, 'n'));
    append({shard, "order-" + order, Version(1), events::number_of(placed.GetDescriptor()), placed.SerializeAsString(), ""});
  }
  // An accepted command whose sender wants its answer on that topic.
  void append_input(Shard shard, const std::string& reply_topic) {
    const std::string order = order_in(shard);
    ordersaga::log::v1::InputRecord input;
    input.set_command_id("c-" + order);
    input.set_type("ordersaga.order.v1.PlaceOrder");
    input.set_outcome(common::v1::OUTCOME_ACCEPTED);
    input.mutable_reply()->set_topic(reply_topic);
    input.set_stream("order-" + order);
    input.set_version(1);
    input.set_data("the command's bytes");
    append(streamless(shard, input, order));
  }
  void append_request(Shard shard, const std::string& sku) {
    ordersaga::log::v1::NeighbourRequest request;
    request.set_key(sku);
    request.set_type("ordersaga.inventory.v1.ReceiveStock");
    request.set_data("bytes");
    append(streamless(shard, request, order_in(shard)));
  }

  // A restored backup: the shard ends at the position.
  void take_back(Shard shard, Position head) {
    log_.take_back(shard, head);
    heads_.at(static_cast<std::size_t>(shard.value)) = head;
  }
  // What an operator does then.
  void begin_epoch(Shard shard, Position after) {
    const events::ShardPosition start{shard, after};
    log_.begin_epoch({&start, 1});
  }

  std::vector<events::RecordedEvent> records(Shard shard) {
    const events::ShardPosition all{shard, Position(0)};
    return store_.read_shards({&all, 1}, 1'000'000);
  }

 private:
  std::string order_in(Shard shard) {
    for (;;) {
      std::string id = "o" + std::to_string(next_++);
      if (shard_of(id, log_.shards()) == shard) return id;
    }
  }

  events::MemoryLog log_;
  events::MemoryEventStore store_;
  std::vector<Position> heads_;
  int next_ = 0;
};

}  // namespace ordersaga::relay::testing
