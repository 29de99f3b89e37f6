// A lane over Postgres while leaves of the log are detached: what goes on in them goes on, and who asks for what is archived is
// told where it is.
#include <gmock/gmock.h>

#include "events/postgres_event_store.h"
#include "runtime/postgres/connection.h"
#include "tests/consumers/lane_fixture.h"
#include "tests/support/test_database.h"

namespace ordersaga::consumers {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int kLeaf = 40;
const Shard kShard(1);

// As lane_fixture.h has it, but over Postgres, with its clock.
struct PostgresProcess {
  explicit PostgresProcess(const std::string& target)
      : store({.target = target}),
        lane(store, effects, clock, {.shards = kShards}, {[this](Handled h) { handled.push_back(std::move(h)); }, {}, &turn_metrics}) {
    for (int s = 0; s < kShards; ++s) lane.offer(Assign{Shard(static_cast<std::int16_t>(s))});
  }
  // Until there is nothing to do but to wait.
  void run() {
    for (int rests = 0, tries = 0; rests < 2 && tries < 1'000; ++tries) rests = lane.step() == Lane::Step::idle ? rests + 1 : 0;
  }

  runtime::SystemClock clock;
  events::PostgresEventStore store;
  HandEffects effects;
  std::vector<Handled> handled;
  runtime::Metrics metrics;
  TurnMetrics turn_metrics{metrics};
  Lane lane;
};

class ArchivedOrder : public LaneFixture {
 protected:
  // In the shard's first leaf, of 100 days ago: `over_`, which was rejected, and `goes_on_`, which waits for its payment.
  void SetUp() override {
    clock_.wall = runtime::SystemClock().now();  // of the commands that message() makes
    process_ = std::make_unique<PostgresProcess>(target_);
    inventory::v1::ReceiveStock stock;
    stock.set_sku("SKU-1");
    stock.set_location("main");
    stock.set_quantity(1'000);
    decide(message("SKU-1", stock, "receive"));
    placed_ = message(over_, place(over_), "place-" + over_);
    decide(placed_);
    process_->effects.answer(process_->effects.calls.at(0), saga_v1::EFFECT_OUTCOME_FAILED, "PAYMENT_DECLINED");
    process_->run();
    decide(message(goes_on_, place(goes_on_), "place-" + goes_on_));
    for (int i = 1; number("max(position) FROM log.events WHERE shard = 1") <= kLeaf; ++i) {
      const std::string id = in_shard(i, "filler");
      decide(message(id, place(id), "place-" + id));
    }
    ASSERT_LT(number("max(position) FROM log.events WHERE stream IN ('order-" + over_ + "', 'order-" + goes_on_ + "')"), kLeaf);
    admin_.exec("UPDATE log.events SET recorded_at = now() - interval '100 days' WHERE shard = 1 AND position <= " + std::to_string(kLeaf));
    admin_.exec(
        "INSERT INTO log.relay_cursors (shard, epoch, position, kafka_offset, cluster_id) "
        "SELECT 1, 1, max(position), 0, 'c' FROM log.events WHERE shard = 1");
  }
  void decide(const ConsumedMessage& command) {
    process_->lane.offer(command);
    process_->run();
    admin_.exec("SELECT log.maintain()");
  }
  // Another process goes on, which remembers nothing.
  void restart() {
    process_->lane.give_back();
    process_ = std::make_unique<PostgresProcess>(target_);
    process_->run();
  }
  void by_owner(const std::string& call) {
    runtime::postgres::Connection owner(database_.target());
    owner.exec("SET ROLE ordersaga_owner");
    owner.exec("SELECT log." + call + "(1::smallint, 0)");
  }
  std::int64_t number(const std::string& sql) { return admin_.exec("SELECT " + sql).integer(0, 0); }
  static std::string in_shard(int n, const std::string& prefix) {
    for (int i = 0;; ++i)
      if (std::string id = prefix + std::to_string(i); shard_of(id, kShards) == kShard && n-- == 0) return id;
  }
  std::vector<std::string> history_of(const std::string& stream) {
    std::vector<std::string> types;
    for (const events::RecordedEvent& e : process_->store.read_stream(stream, Version(0), 1'000))
      types.push_back(events::type_of(e.type)->name());
    return types;
  }
  // What the command's input record says became of it.
  log_v1::InputRecord outcome_of(const std::string& command_id) {
    std::vector<events::ShardPosition> from{{kShard, Position(kLeaf)}};
    for (const events::RecordedEvent& e : process_->store.read_shards(from, 10'000)) {
      log_v1::InputRecord input;
      if (events::type_of(e.type)->name() == "InputRecord" && input.ParseFromString(e.payload) && input.command_id() == command_id)
        return input;
    }
    return {};
  }
  const OutgoingMessage* dead_letter_of(const std::string& command_id) {
    for (const Handled& handled : process_->handled)
      for (const OutgoingMessage& out : handled.first)
        if (out.topic == topics::kCommandsDlq && header_of(out, headers::kId) == command_id) return &out;
    return nullptr;
  }

  testing_support::TestDatabase database_{{.shards = kShards, .leaf_size = kLeaf}};
  const std::string target_ = database_.target_as("ordersaga_writer");
  runtime::postgres::Connection admin_{database_.target()};
  std::string over_ = in_shard(0, "over"), goes_on_ = in_shard(0, "goes-on");
  ConsumedMessage placed_;
  std::unique_ptr<PostgresProcess> process_;
};

TEST_F(ArchivedOrder, WhatBeganInALeafThatIsDetachedGoesOnWhole) {
  by_owner("detach_leaf");
  restart();
  auto& calls = process_->effects.calls;
  auto call = std::ranges::find_if(calls, [this](const auto& c) { return c.request.order_id() == goes_on_; });
  ASSERT_NE(call, calls.end()) << "who takes the shard over makes the call again that is outstanding";
  process_->effects.answer(*call, saga_v1::EFFECT_OUTCOME_SUCCEEDED);
  process_->run();
  EXPECT_THAT(history_of("order-" + goes_on_), testing::Contains("OrderConfirmed"));
  EXPECT_EQ(history_of("order-" + goes_on_).front(), "OrderPlaced");
  EXPECT_EQ(history_of("reservation-" + goes_on_), (std::vector<std::string>{"StockReserved", "ReservationCommitted"}));
  EXPECT_EQ(process_->lane.counters().parked, 0U);
}

TEST_F(ArchivedOrder, ACommandForOneThatIsArchivedFailsWithWordOfTheLeafAndTheOthersGoOn) {
  by_owner("detach_leaf");
  restart();
  const std::string young = in_shard(0, "young");
  process_->lane.offer(message(over_, pack(over_), "pack-over"));
  process_->lane.offer(message(young, place(young), "place-young"));
  process_->lane.offer(message(over_, place(over_), "place-again"));  // the id of an order of old must not be used again
  process_->run();
  EXPECT_EQ(history_of("order-" + young).front(), "OrderPlaced");
  EXPECT_EQ(process_->lane.counters().parked, 2U);
  for (const char* id : {"pack-over", "place-again"}) {
    EXPECT_EQ(outcome_of(id).outcome(), common_v1::OUTCOME_FAILED) << id;
    EXPECT_EQ(outcome_of(id).error().code(), "INTERNAL") << id;
    EXPECT_EQ(outcome_of(id).reply().topic(), kReplies) << "the relay tells its sender";
    const OutgoingMessage* letter = dead_letter_of(id);
    ASSERT_NE(letter, nullptr) << id;
    EXPECT_THAT(header_of(*letter, headers::kDlqErrorMessage),
                AllOf(HasSubstr(over_), HasSubstr("events_1_0"), HasSubstr("sagactl db partitions attach 1 0")));
  }

  by_owner("attach_leaf");
  process_->lane.offer(message(over_, pack(over_), "pack-over-2"));
  process_->run();
  EXPECT_EQ(outcome_of("pack-over-2").outcome(), common_v1::OUTCOME_REJECTED) << "now it is decided";
  EXPECT_EQ(outcome_of("pack-over-2").error().code(), "SHIPMENT_NOT_FOUND");
}

// The inbox keeps ids for up to twice the window, a leaf can go after one.
TEST_F(ArchivedOrder, AClientThatRepeatsACommandWhoseAnswerIsArchivedIsToldSo) {
  by_owner("detach_leaf");
  restart();
  const auto turns_before = process_->lane.counters().commands.load();
  process_->lane.offer(again(placed_));
  process_->run();
  ASSERT_EQ(process_->handled.size(), 1U);
  const auto& sent = process_->handled[0].first;
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].topic, topics::kCommandsDlq);
  EXPECT_THAT(header_of(sent[0], headers::kDlqErrorMessage), AllOf(HasSubstr("events_1_0"), HasSubstr("attach 1 0")));
  EXPECT_EQ(sent[1].topic, kReplies);
  EXPECT_EQ(reply_in(sent[1]).command_id(), "place-" + over_);
  EXPECT_EQ(reply_in(sent[1]).error().code(), "INTERNAL");
  EXPECT_EQ(process_->lane.counters().commands, turns_before) << "it gets no second outcome";

  // Of an order that goes on the streams are kept, but the record of the command belongs to none.
  process_->handled.clear();
  process_->lane.offer(again(message(goes_on_, place(goes_on_), "place-" + goes_on_)));
  process_->run();
  ASSERT_EQ(process_->handled.size(), 1U);
  ASSERT_EQ(process_->handled[0].first.size(), 2U);
  EXPECT_THAT(header_of(process_->handled[0].first[0], headers::kDlqErrorMessage),
              AllOf(HasSubstr("of shard 1 lies in the leaf events_1_0"), HasSubstr("attach 1 0")));

  process_->handled.clear();
  by_owner("attach_leaf");
  process_->lane.offer(again(placed_));
  process_->run();
  ASSERT_EQ(process_->handled.size(), 1U);
  ASSERT_EQ(process_->handled[0].first.size(), 1U);
  EXPECT_EQ(reply_in(process_->handled[0].first[0]).outcome(), common_v1::OUTCOME_ACCEPTED) << "the stored answer";
}

// What the lock and the heads keep from happening, done by hand: a stream is not where the lane left it. The index of the newest leaf
// refuses what is there already.
TEST_F(LaneFixture, OverPostgresAStreamThatWasChangedBehindTheLanesBackIsCountedAndReadAnew) {
  testing_support::TestDatabase database({.shards = kShards});
  PostgresProcess process(database.target_as("ordersaga_writer"));
  clock_.wall = runtime::SystemClock().now();
  inventory::v1::ReceiveStock stock;
  stock.set_sku("SKU-1");
  stock.set_location("main");
  stock.set_quantity(1'000);
  process.lane.offer(message("SKU-1", stock, "receive"));
  process.run();
  process.lane.offer(message("changed", place("changed"), "place-changed"));
  process.run();
  ASSERT_EQ(process.effects.calls.size(), 1U);

  // The command's own record becomes one of the order's, of the version that the lane will write next.
  runtime::postgres::Connection(database.target())
      .exec(
          "UPDATE log.events AS e SET stream = o.stream, version = o.version + 1, type = o.type, payload = o.payload "
          "FROM (SELECT * FROM log.events WHERE stream = 'order-changed' ORDER BY version DESC LIMIT 1) AS o "
          "WHERE e.shard = o.shard AND e.position = (SELECT max(n.position) FROM log.events AS n WHERE n.shard = o.shard AND n.stream IS "
          "NULL)");
  process.effects.succeed();
  process.run();
  EXPECT_THAT(process.metrics.text(), HasSubstr("ordersaga_event_append_conflicts_total{aggregate=\"unknown\"}"));
}

}  // namespace
}  // namespace ordersaga::consumers
