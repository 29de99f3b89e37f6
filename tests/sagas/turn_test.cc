#include <google/protobuf/util/message_differencer.h>

#include "tests/sagas/turn_fixture.h"

namespace ordersaga::sagas {
namespace {

using namespace std::chrono_literals;
using Types = std::vector<std::string>;

TEST_F(TurnFixture, PlacingAnOrderReservesStockAndAsksForMoneyInOneTurn) {
  stock("SKU-1", 10);
  TurnResult r = command("o1", *keep(place("o1")));
  EXPECT_EQ(types_, (Types{"InputRecord", "OrderPlaced", "StockReserved", "PaymentRequested", "SagaAdvanced"}));
  ASSERT_EQ(r.effects.size(), 1U);
  EXPECT_EQ(r.effects[0]->operation(), v1::OPERATION_AUTHORIZE_PAYMENT);
  EXPECT_EQ(r.effects[0]->idempotency_key(), "o1.1/authorize");
  EXPECT_EQ(r.effects[0]->amount().amount_minor(), 2500);
  EXPECT_EQ(r.effects[0]->payment_token(), "tok_approved");
  ASSERT_EQ(r.stock.size(), 1U);
  EXPECT_EQ(r.stock[0].on_hand, -2);
  EXPECT_EQ(r.stock[0].reserved, 2);
  ASSERT_EQ(r.wakeups.size(), 1U);
  EXPECT_TRUE(r.wakeups[0].effect_outstanding);
  EXPECT_EQ(last_command_->outcome(), ordersaga::common::v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(last_command_->stream(), "order-o1");
}

TEST_F(TurnFixture, AnAuthorizedOrderIsConfirmedAndItsFulfilmentBeginsInTheSameTurn) {
  advance_to_confirmed("o1");
  EXPECT_EQ(order_case("o1").order.state.status, aggregates::order::Status::confirmed);
  EXPECT_EQ(saga("o1", kPlace).phase, Phase::completed);
  EXPECT_EQ(saga("o1", kFulfil).phase, Phase::forward);
  EXPECT_EQ(last_request().operation(), v1::OPERATION_BOOK_SHIPMENT);
  const Recorded& ended = history_.at(history_.size() - 2);
  EXPECT_EQ(ended.stream, "saga-place_order-o1");
  const auto& record = static_cast<const v1::SagaAdvanced&>(*ended.payload);
  EXPECT_EQ(record.reply().outcome(), ordersaga::common::v1::OUTCOME_SUCCEEDED);
  EXPECT_EQ(record.replied().text(), "command-1");
  EXPECT_EQ(record.reply_to().topic(), "ordersaga.replies.test.v1");
}

TEST_F(TurnFixture, AnOrderGoesToItsEnd) {
  advance_to_confirmed("o1");
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));  // booked
  EXPECT_EQ(order_case("o1").order.state.status, aggregates::order::Status::processing);
  shipment::RecordPack pack;
  pack.set_order_id("o1");
  pack.set_packed_by("w1");
  command("o1", *keep(pack));
  EXPECT_EQ(last_command_->outcome(), ordersaga::common::v1::OUTCOME_ACCEPTED) << last_command_->DebugString();
  EXPECT_EQ(last_request().operation(), v1::OPERATION_CAPTURE_PAYMENT);
  EXPECT_EQ(last_request().target_key(), "o1.1/authorize");
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(last_request().operation(), v1::OPERATION_HAND_OVER_SHIPMENT);
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(order_case("o1").order.state.status, aggregates::order::Status::shipped);
  EXPECT_EQ(last_request().operation(), v1::OPERATION_TRACK_SHIPMENT);
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(order_case("o1").order.state.status, aggregates::order::Status::completed);
  EXPECT_EQ(saga("o1", kFulfil).phase, Phase::completed);
  const auto& level = *known_.levels.find("SKU-1")->find("main");
  EXPECT_EQ(level.on_hand, 8);
  EXPECT_EQ(level.reserved, 0);
}

TEST_F(TurnFixture, TrackingThatFindsNothingNewAsksAgainLaterAndLater) {
  advance_to_confirmed("o1");
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  shipment::RecordPack pack;
  pack.set_order_id("o1");
  command("o1", *keep(pack));
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  Duration last{};
  for (int i = 0; i < 4; ++i) {
    v1::EffectResult moving = answer(v1::EFFECT_OUTCOME_SUCCEEDED);
    moving.set_tracking_status(shipment::TRACKING_STATUS_IN_TRANSIT);
    result(moving);
    EXPECT_EQ(saga("o1", kFulfil).waiting, Waiting::poll);
    Duration wait = saga("o1", kFulfil).wake_at - now_;
    EXPECT_GT(wait, last);
    last = wait;
    now_ = saga("o1", kFulfil).wake_at;
    wake("saga-fulfil_order-o1");
    EXPECT_EQ(saga("o1", kFulfil).waiting, Waiting::effect);
  }
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(order_case("o1").order.state.status, aggregates::order::Status::completed);
}

TEST_F(TurnFixture, ManyOrdersShareOneTurnAndSeeEachOthersStock) {
  stock("SKU-1", 5);
  std::vector<Input> inputs;
  for (int i = 0; i < 3; ++i) {
    std::string id = "o" + std::to_string(i);
    auto* record = Arena::CreateMessage<ordersaga::log::v1::InputRecord>(&arena_);
    record->set_command_id("c" + id);
    inputs.push_back(CommandInput{keep(place(id)), id, record, "", "", ""});
  }
  TurnResult r = run(inputs);
  EXPECT_EQ(count("StockReserved"), 2);
  EXPECT_EQ(count("OrderRejected"), 1);
  ASSERT_EQ(r.stock.size(), 1U) << "deltas of one level are netted";
  EXPECT_EQ(r.stock[0].on_hand, -4);
  EXPECT_EQ(r.inputs.size(), 3U);
}

TEST_F(TurnFixture, OrderNumbersAreUniqueOverShards) {
  stock("SKU-1", 1000);
  std::vector<std::string> numbers;
  for (int i = 0; i < 60; ++i) {
    std::string id = "order-" + std::to_string(i);
    command(id, *keep(place(id, 1)));
    numbers.push_back(order_case(id).order.state.order_number);
    EXPECT_GE(numbers.back().size(), 12U);
  }
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end());
}

TEST_F(TurnFixture, TheFoldOfTheRecordsIsTheStateThatTheTurnsLeftBehind) {
  advance_to_confirmed("o1");
  result(answer(v1::EFFECT_OUTCOME_UNKNOWN));
  OrderCase folded = refold("o1");
  for (int d : {kPlace, kFulfil}) {
    const SagaState& live = saga("o1", d);
    const SagaState& read = saga_of(folded, d).state;
    EXPECT_EQ(read.phase, live.phase);
    EXPECT_EQ(read.step, live.step);
    EXPECT_EQ(read.steps, live.steps);
    EXPECT_EQ(read.waiting, live.waiting);
    EXPECT_EQ(read.attempt, live.attempt);
    EXPECT_EQ(read.queries, live.queries);
    EXPECT_EQ(read.wake_at, live.wake_at);
    EXPECT_EQ(read.unknown_since, live.unknown_since);
    EXPECT_EQ(read.code, live.code);
    EXPECT_EQ(read.pivot_passed, live.pivot_passed);
    EXPECT_EQ(read.replied, live.replied);
    EXPECT_EQ(read.request, live.request);
    EXPECT_EQ(read.origin, live.origin);
  }
}

TEST_F(TurnFixture, WhatIsOutstandingIsSentAgainUnchangedWhenTheShardIsTakenOver) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1")));
  TurnResult r = run({ResumeInput{"saga-place_order-o1"}});
  EXPECT_TRUE(r.records.empty());
  ASSERT_EQ(r.effects.size(), 1U);
  EXPECT_EQ(r.effects[0]->SerializeAsString(), requests_.front().SerializeAsString());
}

TEST_F(TurnFixture, ReceivedGoodsMakeALevel) {
  inventory::ReceiveStock receive;
  receive.set_sku("SKU-9");
  receive.set_location("main");
  receive.set_quantity(7);
  TurnResult r = command("SKU-9", receive);
  EXPECT_EQ(types_, (Types{"InputRecord", "StockReceived"}));
  ASSERT_EQ(r.stock.size(), 1U);
  EXPECT_TRUE(r.stock[0].create);
  EXPECT_EQ(r.stock[0].on_hand, 7);
}

}  // namespace
}  // namespace ordersaga::sagas
