#include "tests/sagas/turn_fixture.h"

namespace ordersaga::sagas {
namespace {

using namespace std::chrono_literals;
using OrderStatus = aggregates::order::Status;

TEST_F(TurnFixture, AShortfallRejectsTheOrderInTheSameTurn) {
  stock("SKU-1", 1);
  TurnResult r = command("o1", *keep(place("o1")));
  EXPECT_EQ(order_case("o1").order.state.status, OrderStatus::rejected);
  EXPECT_TRUE(happened("StockReservationRejected"));
  EXPECT_TRUE(r.effects.empty());
  EXPECT_TRUE(r.stock.empty());
  EXPECT_EQ(saga("o1", kPlace).phase, Phase::failed);
  EXPECT_EQ(saga("o1", kPlace).code, "INVENTORY_UNAVAILABLE");
  EXPECT_NE(saga("o1", kPlace).message.find("SKU-1 (requested 2, available 1)"), std::string::npos);
  EXPECT_TRUE(r.wakeups.at(0).over);
}

TEST_F(TurnFixture, ADeclinedPaymentGivesTheStockBackAndRejectsTheOrder) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1")));
  result(answer(v1::EFFECT_OUTCOME_FAILED, "PAYMENT_DECLINED"));
  EXPECT_EQ(order_case("o1").order.state.status, OrderStatus::rejected);
  EXPECT_EQ(known_.levels.find("SKU-1")->find("main")->on_hand, 10);
  EXPECT_TRUE(happened("PaymentDeclined"));
  EXPECT_EQ(requests_.size(), 1U) << "what never was authorized is not voided";
  const auto& record = static_cast<const v1::SagaAdvanced&>(*history_.back().payload);
  EXPECT_EQ(record.reply().outcome(), ordersaga::common::v1::OUTCOME_REJECTED);
  EXPECT_EQ(record.reply().error().code(), "PAYMENT_DECLINED");
}

TEST_F(TurnFixture, ATimeoutIsUnknownAndTheGatewayIsAskedByKey) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1")));
  result(answer(v1::EFFECT_OUTCOME_UNKNOWN));
  EXPECT_TRUE(happened("PaymentOutcomeUnknown"));
  EXPECT_EQ(saga("o1", kPlace).waiting, Waiting::query_retry);
  now_ = saga("o1", kPlace).wake_at;
  wake("saga-place_order-o1");
  EXPECT_EQ(last_request().operation(), v1::OPERATION_QUERY_PAYMENT);
  EXPECT_EQ(last_request().idempotency_key(), "o1.1/authorize");
  EXPECT_EQ(last_request().queried(), v1::OPERATION_AUTHORIZE_PAYMENT);
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(order_case("o1").order.state.status, OrderStatus::confirmed);
}

TEST_F(TurnFixture, ACallThatWasNeverSeenIsMadeAgainWithTheSameKey) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1")));
  std::string key = last_request().idempotency_key();
  result(answer(v1::EFFECT_OUTCOME_UNKNOWN));
  now_ = saga("o1", kPlace).wake_at;
  wake("saga-place_order-o1");
  result(answer(v1::EFFECT_OUTCOME_NOT_FOUND));
  EXPECT_EQ(saga("o1", kPlace).waiting, Waiting::retry);
  now_ = saga("o1", kPlace).wake_at;
  wake("saga-place_order-o1");
  EXPECT_EQ(last_request().operation(), v1::OPERATION_AUTHORIZE_PAYMENT);
  EXPECT_EQ(last_request().idempotency_key(), key);
  EXPECT_EQ(last_request().attempt(), 2);
  EXPECT_EQ(count("PaymentRequested"), 1);
}

TEST_F(TurnFixture, WhatStaysUnknownIsUndoneByKey) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1")));
  result(answer(v1::EFFECT_OUTCOME_UNKNOWN));
  for (int i = 0; i < 1000 && saga("o1", kPlace).phase == Phase::forward; ++i) {
    now_ = saga("o1", kPlace).wake_at;
    wake("saga-place_order-o1");
    if (saga("o1", kPlace).phase == Phase::forward) result(answer(v1::EFFECT_OUTCOME_UNKNOWN));
  }
  ASSERT_EQ(saga("o1", kPlace).phase, Phase::compensating);
  EXPECT_EQ(last_request().operation(), v1::OPERATION_VOID_PAYMENT);
  EXPECT_EQ(last_request().reference(), "");
  EXPECT_EQ(last_request().target_key(), "o1.1/authorize");
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(order_case("o1").order.state.status, OrderStatus::rejected);
  EXPECT_EQ(saga("o1", kPlace).code, "PAYMENT_OUTCOME_UNKNOWN");
  EXPECT_EQ(known_.levels.find("SKU-1")->find("main")->on_hand, 10);
}

TEST_F(TurnFixture, AGatewayThatIsAwayIsTriedThreeTimesAndThenTheOrderIsRejected) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1")));
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(last_request().attempt(), attempt);
    result(answer(v1::EFFECT_OUTCOME_UNAVAILABLE, "DEPENDENCY_UNAVAILABLE"));
    if (attempt == 3) break;
    now_ = saga("o1", kPlace).wake_at;
    wake("saga-place_order-o1");
  }
  // A try may still be under way from a process that died: it is undone before it arrives.
  EXPECT_EQ(last_request().operation(), v1::OPERATION_VOID_PAYMENT);
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(order_case("o1").order.state.status, OrderStatus::rejected);
  EXPECT_EQ(saga("o1", kPlace).code, "DEPENDENCY_UNAVAILABLE");
}

TEST_F(TurnFixture, AWakeUpBeforeItsTimeChangesNothingAndIsSetRight) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1")));
  TurnResult r = wake("saga-place_order-o1");
  EXPECT_TRUE(r.records.empty());
  ASSERT_EQ(r.wakeups.size(), 1U);
  EXPECT_EQ(r.wakeups[0].at, saga("o1", kPlace).wake_at);
}

TEST_F(TurnFixture, AnAnswerThatComesTwiceCountsOnce) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1")));
  v1::EffectResult yes = answer(v1::EFFECT_OUTCOME_SUCCEEDED);
  result(yes);
  TurnResult again = result(yes);
  EXPECT_TRUE(again.records.empty());
  EXPECT_EQ(count("PaymentAuthorized"), 1);
}

TEST_F(TurnFixture, ALateAnswerOfAnEarlierTryEndsTheRetrying) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1")));
  v1::EffectRequest first = last_request();
  result(answer(v1::EFFECT_OUTCOME_UNAVAILABLE));
  result(answer_to(first, v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(order_case("o1").order.state.status, OrderStatus::confirmed);
}

TEST_F(TurnFixture, AShipmentThatCannotBeBookedUndoesPaymentAndStockAndCancelsTheOrder) {
  advance_to_confirmed("o1");
  result(answer(v1::EFFECT_OUTCOME_FAILED, "DEPENDENCY_UNAVAILABLE"));
  EXPECT_EQ(saga("o1", kFulfil).phase, Phase::compensating);
  EXPECT_EQ(last_request().operation(), v1::OPERATION_VOID_PAYMENT);
  EXPECT_EQ(last_request().reference(), "ref-o1.1/authorize");
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(order_case("o1").order.state.status, OrderStatus::cancelled);
  EXPECT_EQ(known_.levels.find("SKU-1")->find("main")->on_hand, 10);
  EXPECT_EQ(saga("o1", kFulfil).phase, Phase::failed);
}

TEST_F(TurnFixture, ACompensationThatIsRefusedForGoodWaitsForAnOperator) {
  advance_to_confirmed("o1");
  result(answer(v1::EFFECT_OUTCOME_FAILED, "NO_CARRIER"));
  TurnResult r = result(answer(v1::EFFECT_OUTCOME_FAILED, "VOID_REFUSED"));
  EXPECT_EQ(saga("o1", kFulfil).phase, Phase::compensation_failed);
  EXPECT_EQ(saga("o1", kFulfil).code, "VOID_REFUSED");
  EXPECT_TRUE(r.wakeups.at(0).over);
}

TEST_F(TurnFixture, ACompensationWithoutAnAnswerIsTriedAgainWithTheSameKeyForEver) {
  advance_to_confirmed("o1");
  result(answer(v1::EFFECT_OUTCOME_FAILED, "NO_CARRIER"));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(last_request().idempotency_key(), "o1.1/void");
    result(answer(v1::EFFECT_OUTCOME_UNKNOWN));
    now_ = saga("o1", kFulfil).wake_at;
    wake("saga-fulfil_order-o1");
  }
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_EQ(order_case("o1").order.state.status, OrderStatus::cancelled);
}

// To the point where the gateway never says what became of the capture, and the saga begins to undo.
class UnknownCapture : public TurnFixture {
 protected:
  void SetUp() override {
    advance_to_confirmed("o1");
    result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
    shipment::RecordPack pack;
    pack.set_order_id("o1");
    command("o1", *keep(pack));
    result(answer(v1::EFFECT_OUTCOME_UNKNOWN));
    for (int i = 0; i < 1000 && saga("o1", kFulfil).phase == Phase::forward; ++i) {
      now_ = saga("o1", kFulfil).wake_at;
      wake("saga-fulfil_order-o1");
      if (saga("o1", kFulfil).phase == Phase::forward) result(answer(v1::EFFECT_OUTCOME_UNKNOWN));
    }
    ASSERT_EQ(saga("o1", kFulfil).phase, Phase::compensating);
    ASSERT_EQ(last_request().operation(), v1::OPERATION_REFUND_PAYMENT);
    ASSERT_EQ(last_request().target_key(), "o1.1/capture");
  }
  void finish() {
    for (int i = 0; i < 3 && saga("o1", kFulfil).phase == Phase::compensating; ++i) result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
    EXPECT_EQ(order_case("o1").order.state.status, OrderStatus::cancelled);
    EXPECT_EQ(known_.levels.find("SKU-1")->find("main")->on_hand, 10);
  }
};

TEST_F(UnknownCapture, ThatWasDoneIsRefundedByItsKey) {
  result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  EXPECT_TRUE(happened("PaymentCaptured"));
  EXPECT_TRUE(happened("PaymentRefunded"));
  finish();
  EXPECT_EQ(order_case("o1").payments[0].state.refunded, 2500);
}

TEST_F(UnknownCapture, ThatWasNeverDoneIsBarredAndTheAuthorizationVoided) {
  result(answer(v1::EFFECT_OUTCOME_NOT_FOUND));
  EXPECT_FALSE(happened("PaymentRefunded"));
  EXPECT_EQ(last_request().operation(), v1::OPERATION_CANCEL_SHIPMENT);
  finish();
  EXPECT_TRUE(happened("AuthorizationVoided"));
}

TEST_F(TurnFixture, ACommandThatIsRefusedLeavesItsRecordAndNothingElse) {
  stock("SKU-1", 10);
  command("o1", *keep(place("o1", 0)));
  EXPECT_EQ(types_, std::vector<std::string>{"InputRecord"});
  EXPECT_EQ(last_command_->outcome(), ordersaga::common::v1::OUTCOME_REJECTED);
  EXPECT_EQ(last_command_->error().code(), "INVALID_ARGUMENT");
  EXPECT_GT(last_command_->error().details_size(), 0);
}

TEST_F(TurnFixture, AnAnswerForASagaThatDoesNotExistIsABrokenInvariant) {
  v1::EffectResult r;
  r.set_saga("saga-place_order-nobody");
  EXPECT_THROW(result(r), BrokenInvariant);
}

}  // namespace
}  // namespace ordersaga::sagas
