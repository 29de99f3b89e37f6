// Lanes over a log in memory, with the clock and the outside in the test's hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "consumers/lane.h"
#include "events/codec.h"
#include "events/errors.h"
#include "events/memory_event_store.h"
#include "ordersaga/common/v1/reply.pb.h"
#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "ordersaga/shipment/v1/commands.pb.h"
#include "schemas/headers.h"

namespace ordersaga::consumers {

using namespace std::chrono_literals;
using runtime::kafka::ConsumedMessage;
using runtime::kafka::OutgoingMessage;
namespace saga_v1 = ordersaga::saga::v1;
namespace log_v1 = ordersaga::log::v1;
namespace common_v1 = ordersaga::common::v1;

inline constexpr int kShards = 4;
inline constexpr std::string_view kReplies = "ordersaga.replies.test.v1";

class HandClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return wall; }
  std::chrono::microseconds steady() const override { return elapsed; }
  void advance(Duration by) {
    wall += by;
    elapsed += by;
  }
  runtime::WallTime wall{std::chrono::hours(24 * 365 * 50)};
  std::chrono::microseconds elapsed{1};
};

// Calls to the outside that a test answers.
class HandEffects final : public Effects {
 public:
  struct Call {
    saga_v1::EffectRequest request;
    Done done;
    bool answered = false;
  };
  void start(const saga_v1::EffectRequest& request, Done done) override { calls.push_back({request, std::move(done), false}); }
  std::size_t in_flight() const override {
    return static_cast<std::size_t>(std::ranges::count_if(calls, [](const Call& c) { return !c.answered; }));
  }
  void answer(Call& call, saga_v1::EffectOutcome outcome, const std::string& code = {}) {
    saga_v1::EffectResult r;
    r.set_saga(call.request.saga());
    r.set_step(call.request.step());
    r.set_attempt(call.request.attempt());
    r.set_compensation(call.request.compensation());
    r.set_operation(call.request.operation());
    r.set_outcome(outcome);
    r.set_code(code);
    if (outcome == saga_v1::EFFECT_OUTCOME_SUCCEEDED) {
      r.set_reference("ref-" + call.request.idempotency_key());
      *r.mutable_amount() = call.request.amount();
      r.set_carrier("carrier");
      r.set_tracking_number("T1");
      r.set_tracking_status(ordersaga::shipment::v1::TRACKING_STATUS_DELIVERED);
    }
    call.answered = true;
    call.done(r);
  }
  // Answers all that is open.
  void succeed() {
    for (std::size_t i = 0; i < calls.size(); ++i)
      if (!calls[i].answered) answer(calls[i], saga_v1::EFFECT_OUTCOME_SUCCEEDED);
  }

  std::vector<Call> calls;
};

// One process: a session with the log and a lane on it.
struct Process {
  Process(events::MemoryLog& log, const runtime::Clock& clock, LaneSettings settings)
      : store(log),
        lane(store, effects, clock, settings, {[this](Handled h) { handled.push_back(std::move(h)); }, {}, &turn_metrics, &recent}) {}

  Lane::Step step() { return lane.step(); }
  // Until there is nothing to do. A lane that is not let more than `patience` times is stuck.
  void run(int patience = 10) {
    for (;;) {
      Lane::Step s = lane.step();
      if (s == Lane::Step::idle) return;
      if (s == Lane::Step::try_later && --patience < 0) FAIL() << "the lane does not get on";
    }
  }
  void assign_all() {
    for (int s = 0; s < kShards; ++s) lane.offer(Assign{Shard(static_cast<std::int16_t>(s))});
  }

  events::MemoryEventStore store;
  events::RecentRecords recent{1 << 20};  // for whom the test follows
  HandEffects effects;
  std::vector<Handled> handled;
  runtime::Metrics metrics;
  TurnMetrics turn_metrics{metrics};
  Lane lane;
};

class LaneFixture : public testing::Test {
 protected:
  LaneFixture() : log_(options()) { a_ = start(); }

  std::unique_ptr<Process> start() {
    auto p = std::make_unique<Process>(log_, clock_, settings_);
    p->assign_all();
    return p;
  }

  template <class M>
  ConsumedMessage message(const std::string& key, const M& command, const std::string& id, std::string_view when = "accepted") {
    return raw(key, std::string(command.GetDescriptor()->full_name()), command.SerializeAsString(), id, when);
  }
  ConsumedMessage raw(const std::string& key, const std::string& type, std::string value, const std::string& id,
                      std::string_view when = "accepted") {
    ConsumedMessage m;
    m.topic = std::string(topics::kCommands);
    m.partition = shard_of(key, kShards).value;
    m.offset = next_offset_[m.partition]++;
    m.timestamp = std::chrono::floor<std::chrono::milliseconds>(clock_.wall);
    m.key = key;
    m.value = std::move(value);
    auto header = [&](std::string_view name, std::string_view v) { m.headers.push_back({std::string(name), std::string(v)}); };
    header(headers::kId, id);
    header(headers::kType, type);
    header(headers::kReplyTo, kReplies);
    header(headers::kReplyWhen, when);
    return m;
  }
  // The same record, sent again by its client.
  ConsumedMessage again(ConsumedMessage m) {
    m.offset = next_offset_[m.partition]++;
    return m;
  }

  static order::v1::PlaceOrder place(const std::string& id, int quantity = 2, const std::string& sku = "SKU-1") {
    order::v1::PlaceOrder p;
    p.set_order_id(id);
    p.set_customer_id("customer-1");
    order::v1::OrderItem& item = *p.add_items();
    item.set_sku(sku);
    item.set_quantity(quantity);
    item.mutable_unit_price()->set_currency_code("EUR");
    item.mutable_unit_price()->set_amount_minor(1250);
    auto& address = *p.mutable_shipping_address();
    address.set_name("A. Customer");
    address.add_lines("Street 1");
    address.set_postcode("10115");
    address.set_city("Berlin");
    address.set_country_code("DE");
    p.mutable_payment()->set_method(order::v1::PAYMENT_METHOD_CREDIT_CARD);
    p.mutable_payment()->set_token("tok_approved");
    return p;
  }
  static shipment::v1::RecordPack pack(const std::string& id) {
    shipment::v1::RecordPack p;
    p.set_order_id(id);
    p.set_packed_by("w1");
    return p;
  }
  void receive(const std::string& sku, std::int64_t quantity) {
    inventory::v1::ReceiveStock r;
    r.set_sku(sku);
    r.set_location("main");
    r.set_quantity(quantity);
    a_->lane.offer(message(sku, r, "receive-" + std::to_string(++receipts_)));
    a_->run();
    a_->handled.clear();
  }
  // Has the order placed and asked for its money.
  ConsumedMessage placed(const std::string& id, std::string_view when = "accepted") {
    ConsumedMessage m = message(id, place(id), "place-" + id, when);
    a_->lane.offer(m);
    a_->run();
    return m;
  }
  void to_the_end(Process& p, const std::string& id) {
    for (int i = 0; i < 2; ++i, p.run()) p.effects.succeed();
    p.lane.offer(message(id, pack(id), "pack-" + id));
    p.run();
    for (int i = 0; i < 4; ++i, p.run()) p.effects.succeed();
  }

  struct Record {
    events::RecordedEvent event;
    std::string type;
  };
  std::vector<Record> records() {
    events::MemoryEventStore store(log_);
    std::vector<events::ShardPosition> from;
    for (int s = 0; s < kShards; ++s) from.push_back({Shard(static_cast<std::int16_t>(s)), Position(0)});
    std::vector<Record> out;
    for (events::RecordedEvent& e : store.read_shards(from, 100'000)) {
      std::string type = events::type_of(e.type)->name();
      out.push_back({std::move(e), std::move(type)});
    }
    return out;
  }
  long count(const std::string& type, const std::string& stream = {}) {
    return std::ranges::count_if(records(),
                                 [&](const Record& r) { return r.type == type && (stream.empty() || r.event.stream == stream); });
  }
  std::vector<log_v1::InputRecord> inputs(const std::string& command_id) {
    std::vector<log_v1::InputRecord> out;
    for (const Record& r : records()) {
      log_v1::InputRecord input;
      if (r.type == "InputRecord" && input.ParseFromString(r.event.payload) && input.command_id() == command_id) out.push_back(input);
    }
    return out;
  }
  template <class M>
  std::vector<M> events_of(const std::string& stream) {
    std::vector<M> out;
    for (const Record& r : records())
      if (r.event.stream == stream && r.type == M::descriptor()->name()) out.emplace_back().ParseFromString(r.event.payload);
    return out;
  }
  // Levels of the SKU over all locations: on hand, reserved.
  std::pair<std::int64_t, std::int64_t> level(const std::string& sku) {
    events::MemoryEventStore store(log_);
    std::pair<std::int64_t, std::int64_t> sum;
    for (const events::StockLevel& l : store.levels()) {
      if (l.sku != sku) continue;
      sum.first += l.on_hand;
      sum.second += l.reserved;
    }
    return sum;
  }
  // An id whose key lies in the shard.
  static std::string id_in(int shard, const std::string& prefix = "o") {
    for (int i = 0;; ++i)
      if (std::string id = prefix + std::to_string(i); shard_of(id, kShards).value == shard) return id;
  }
  static common_v1::CommandReply reply_in(const OutgoingMessage& m) {
    common_v1::CommandReply reply;
    EXPECT_TRUE(reply.ParseFromString(m.value));
    return reply;
  }
  static std::string header_of(const OutgoingMessage& m, std::string_view name) {
    for (const auto& h : m.headers)
      if (h.name == name) return h.value;
    return {};
  }

  events::MemoryLog::Options options() {
    events::MemoryLog::Options o;
    o.shards = kShards;
    o.clock = [this] { return clock_.wall + store_ahead_; };
    o.hooks.before_begin = [this](std::span<const Shard> s) {
      if (before_begin_) before_begin_(s);
    };
    o.hooks.before_write = [this](const events::TurnWrite& w) {
      if (before_write_) before_write_(w);
    };
    o.hooks.at_commit = [this](const events::TurnWrite& w) { return at_commit_ ? at_commit_(w) : events::CommitFate::done; };
    return o;
  }

  HandClock clock_;
  Duration store_ahead_{};
  LaneSettings settings_{.shards = kShards};
  std::function<void(std::span<const Shard>)> before_begin_;
  std::function<void(const events::TurnWrite&)> before_write_;
  std::function<events::CommitFate(const events::TurnWrite&)> at_commit_;
  events::MemoryLog log_;
  std::map<std::int32_t, std::int64_t> next_offset_;
  int receipts_ = 0;
  std::unique_ptr<Process> a_;
};

}  // namespace ordersaga::consumers
