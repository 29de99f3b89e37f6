// The warehouse over a bus in memory.
#include "tools/simulators/warehouse/warehouse.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <stdexcept>

#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/shipment/v1/commands.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"
#include "schemas/headers.h"
#include "schemas/ids.h"
#include "tools/simulators/warehouse/pack_command.h"

namespace ordersaga::simulators::warehouse {
namespace {

using namespace std::chrono_literals;
using runtime::kafka::ConsumedMessage;
using runtime::kafka::Delivery;
using runtime::kafka::OutgoingMessage;
using runtime::kafka::Polled;
using runtime::kafka::Rebalance;

const std::string kEventTopic(topics::kEvents);

ConsumedMessage event(std::int64_t offset, const std::string& order, const google::protobuf::Message& message, std::int32_t partition = 0) {
  ConsumedMessage out;
  out.topic = kEventTopic;
  out.partition = partition;
  out.offset = offset;
  out.key = order;
  out.value = message.SerializeAsString();
  out.headers = {{"ce_type", message.GetTypeName()},
                 {"ce_id", "shipment-" + order + ".1/1"},
                 {"ce_correlationid", "c-1"},
                 {"traceparent", "00-trace"}};
  return out;
}

ConsumedMessage created(std::int64_t offset, const std::string& order, std::int32_t partition = 0) {
  shipment::v1::ShipmentCreated shipment;
  shipment.set_shipment_id(order + ".1");
  return event(offset, order, shipment, partition);
}

ConsumedMessage other(std::int64_t offset) {
  return event(offset, "o", order::v1::OrderConfirmed());
}

class FakeConsumer final : public runtime::kafka::Consumer {
 public:
  Polled poll(std::size_t, std::chrono::milliseconds timeout) override {
    last_timeout = timeout;
    return std::exchange(next, {});
  }
  void commit(std::string_view, std::int32_t partition, std::int64_t next_offset) override { committed[partition] = next_offset; }
  void pause(std::string_view, std::int32_t partition) override { paused.insert(partition); }
  void resume(std::string_view, std::int32_t partition) override { paused.erase(partition); }
  void seek(std::string_view, std::int32_t, std::int64_t) override { throw std::logic_error("the warehouse never seeks"); }

  Polled next;
  std::chrono::milliseconds last_timeout{};
  std::map<std::int32_t, std::int64_t> committed;
  std::set<std::int32_t> paused;
};

class FakeProducer final : public runtime::kafka::Producer {
 public:
  bool produce(const OutgoingMessage& message, std::uint64_t token) override {
    if (full) return false;
    sent.push_back(message);
    open.push_back(token);
    return true;
  }
  void poll(std::chrono::milliseconds, std::vector<Delivery>& out) override {
    for (std::uint64_t token : acknowledged) out.push_back({token, 0, 0, error});
    acknowledged.clear();
  }
  std::size_t in_flight() const override { return open.size(); }
  // The i-th message that was sent (from 0) is acknowledged by the next poll.
  void acknowledge(std::size_t i) { acknowledged.push_back(open.at(i)); }

  std::vector<OutgoingMessage> sent;
  std::vector<std::uint64_t> open;
  std::vector<std::uint64_t> acknowledged;
  std::string error;
  bool full = false;
};

class FakeClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return {}; }
  std::chrono::microseconds steady() const override { return time; }
  std::chrono::microseconds time = 1h;
};

class WarehouseTest : public testing::Test {
 protected:
  void make(Options options = {}) { warehouse_.emplace(consumer_, producer_, clock_, options); }
  void assign(bool assigned, std::vector<std::int32_t> partitions) {
    consumer_.next.rebalances.push_back({assigned, kEventTopic, std::move(partitions)});
  }
  void step(std::vector<ConsumedMessage> messages = {}) {
    consumer_.next.messages = std::move(messages);
    warehouse_->step(100ms);
  }

  FakeConsumer consumer_;
  FakeProducer producer_;
  FakeClock clock_;
  std::optional<Warehouse> warehouse_;
};

TEST(PackCommand, names_order_and_shipment_and_always_the_same_id) {
  OutgoingMessage command = pack_command(created(7, "o1")).value();
  EXPECT_EQ(command.topic, "ordersaga.commands.v1");
  EXPECT_EQ(command.key, "o1");
  shipment::v1::RecordPack pack;
  ASSERT_TRUE(pack.ParseFromString(command.value));
  EXPECT_EQ(pack.order_id(), "o1");
  EXPECT_EQ(pack.shipment_id(), "o1.1");
  std::map<std::string, std::string> headers;
  for (const auto& h : command.headers) headers[h.name] = h.value;
  EXPECT_EQ(headers["ce_id"], "pack:shipment-o1.1:1");
  EXPECT_EQ(headers["ce_type"], "ordersaga.shipment.v1.RecordPack");
  EXPECT_EQ(headers["content-type"], "application/protobuf");
  EXPECT_EQ(headers["ce_causationid"], "shipment-o1.1/1");
  EXPECT_EQ(headers["ce_correlationid"], "c-1");
  EXPECT_EQ(headers["traceparent"], "00-trace");
}

TEST(PackCommand, gives_the_longest_order_id_a_valid_command_id_of_its_own) {
  std::string a = std::string(63, 'o') + "a", b = std::string(63, 'o') + "b";
  auto id = [](const std::string& order) {
    OutgoingMessage command = pack_command(created(1, order)).value();
    for (const auto& h : command.headers)
      if (h.name == "ce_id") return h.value;
    return std::string();
  };
  EXPECT_TRUE(is_valid_id(id(a))) << id(a);
  EXPECT_NE(id(a), id(b));
  EXPECT_EQ(id(a), id(a));
}

TEST(PackCommand, has_no_answer_to_other_events_and_refuses_a_broken_one) {
  EXPECT_FALSE(pack_command(other(1)));
  ConsumedMessage broken = created(1, "o1");
  broken.value = "\xff\xff";
  EXPECT_THROW(pack_command(broken), std::invalid_argument);
  ConsumedMessage keyless = created(1, "o1");
  keyless.key.reset();
  EXPECT_THROW(pack_command(keyless), std::invalid_argument);
}

TEST_F(WarehouseTest, packs_each_created_shipment_once) {
  make();
  assign(true, {0});
  step({other(0), created(1, "a"), other(2), created(3, "b")});
  ASSERT_EQ(producer_.sent.size(), 2u);
  EXPECT_EQ(producer_.sent[0].key, "a");
  EXPECT_EQ(producer_.sent[1].key, "b");
  step();
  EXPECT_EQ(producer_.sent.size(), 2u);
}

TEST_F(WarehouseTest, commits_only_below_the_first_parcel_that_is_not_acknowledged) {
  make();
  assign(true, {0});
  step({other(0), created(1, "a"), created(2, "b"), other(3)});
  EXPECT_EQ(consumer_.committed[0], 1);
  producer_.acknowledge(1);
  step();
  EXPECT_EQ(consumer_.committed[0], 1);
  producer_.acknowledge(0);
  step();
  EXPECT_EQ(consumer_.committed[0], 4);
  EXPECT_EQ(warehouse_->packed(), 2u);
  EXPECT_EQ(warehouse_->waiting(), 0u);
}

TEST_F(WarehouseTest, waits_its_delay_and_no_longer) {
  make({.delay = 30ms});
  assign(true, {0});
  step({created(0, "a")});
  EXPECT_TRUE(producer_.sent.empty());
  clock_.time += 10ms;
  step();
  EXPECT_EQ(consumer_.last_timeout, 20ms);
  EXPECT_TRUE(producer_.sent.empty());
  clock_.time += 20ms;
  step();
  EXPECT_EQ(producer_.sent.size(), 1u);
}

TEST_F(WarehouseTest, keeps_to_its_rate) {
  make({.rate = 10});
  assign(true, {0});
  std::vector<ConsumedMessage> many;
  for (int i = 0; i < 100; ++i) many.push_back(created(i, "o" + std::to_string(i)));
  step(many);
  std::size_t burst = producer_.sent.size();
  EXPECT_LE(burst, 11u) << "at most a second's worth at once";
  for (int i = 0; i < 20; ++i) {
    clock_.time += 100ms;
    step();
  }
  EXPECT_EQ(producer_.sent.size(), burst + 20);
}

TEST_F(WarehouseTest, sends_later_what_a_full_queue_did_not_take) {
  make();
  assign(true, {0});
  producer_.full = true;
  step({created(0, "a")});
  EXPECT_TRUE(producer_.sent.empty());
  producer_.full = false;
  step();
  EXPECT_EQ(producer_.sent.size(), 1u);
}

TEST_F(WarehouseTest, reads_no_more_than_it_has_room_for) {
  make({.delay = 1s, .max_waiting = 2});
  assign(true, {0, 1});
  step({created(0, "a"), created(1, "b"), created(0, "c", 1)});
  EXPECT_EQ(consumer_.paused, (std::set<std::int32_t>{0, 1}));
  assign(true, {2});
  step();
  EXPECT_EQ(consumer_.paused, (std::set<std::int32_t>{0, 1, 2})) << "a new partition too";
  clock_.time += 1s;
  step();
  for (std::size_t i = 0; i < 3; ++i) producer_.acknowledge(i);
  step();
  EXPECT_TRUE(consumer_.paused.empty());
}

TEST_F(WarehouseTest, leaves_the_parcels_of_a_lost_partition_to_its_new_owner) {
  make({.delay = 1s});
  assign(true, {0, 1});
  step({created(0, "a"), created(0, "b", 1)});
  assign(false, {0});
  step();
  clock_.time += 1s;
  step();
  ASSERT_EQ(producer_.sent.size(), 1u);
  EXPECT_EQ(producer_.sent[0].key, "b");
}

TEST_F(WarehouseTest, an_acknowledgement_from_before_a_rebalance_commits_nothing_after_it) {
  make();
  assign(true, {0});
  step({created(5, "a")});
  assign(false, {0});
  assign(true, {0});
  step({created(5, "a")});
  producer_.acknowledge(0);
  consumer_.committed.clear();
  step();
  EXPECT_EQ(consumer_.committed.count(0), 0u);
  producer_.acknowledge(1);
  step();
  EXPECT_EQ(consumer_.committed[0], 6);
}

TEST_F(WarehouseTest, leaves_out_an_event_that_cannot_be_read) {
  make();
  assign(true, {0});
  ConsumedMessage broken = created(0, "a");
  broken.value = "\xff\xff";
  step({broken, created(1, "b")});
  ASSERT_EQ(producer_.sent.size(), 1u);
  EXPECT_EQ(producer_.sent[0].key, "b");
}

TEST_F(WarehouseTest, gives_up_when_a_command_is_refused_for_good) {
  make();
  assign(true, {0});
  step({created(0, "a")});
  producer_.error = "unknown topic";
  producer_.acknowledge(0);
  EXPECT_THROW(step(), std::runtime_error);
}

}  // namespace
}  // namespace ordersaga::simulators::warehouse
