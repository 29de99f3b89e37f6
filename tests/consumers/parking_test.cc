// Inputs of sagas that break their turn: kept over restarts, and tried again or dropped by operators.
#include "ordersaga/saga/v1/operator.pb.h"
#include "tests/consumers/lane_fixture.h"

namespace ordersaga::consumers {
namespace {

class Parking : public LaneFixture {
 protected:
  static constexpr const char* kSaga = "saga-place_order-o2";

  std::vector<events::ParkedInput> parked() {
    std::vector<Shard> all;
    for (int s = 0; s < kShards; ++s) all.push_back(Shard(static_cast<std::int16_t>(s)));
    return events::MemoryEventStore(log_).parked_inputs(all);
  }
  Timestamp due_of(const std::string& saga) {
    for (const events::Wakeup& w : events::MemoryEventStore(log_).wakeups())
      if (w.saga == saga) return w.due_at;
    return {};
  }
  template <class M>
  void submit(const M& verb, const std::string& id) {
    log_.submit({0, shard_of("o2", kShards), "o2", id, verb.GetDescriptor()->full_name(), std::string(headers::kProtobuf), "alice",
                 verb.SerializeAsString()});
    clock_.advance(1s);
  }
  template <class M>
  static M about(std::int64_t parked_id, const std::string& order = "o2") {
    M verb;
    verb.set_order_id(order);
    verb.set_parked_id(parked_id);
    verb.set_reason("because");
    return verb;
  }
  // Four orders; the payment of o2 is authorized, and cannot be recorded while broken_.
  void break_a_result() {
    receive("SKU-1", 100);
    for (int i = 0; i < 4; ++i) placed("o" + std::to_string(i));
    before_write_ = [this](const events::TurnWrite& w) {
      for (const events::NewRecord& r : w.records)
        if (broken_ && r.stream == "payment-o2.1") throw events::BadData("a column does not like it");
    };
    a_->effects.succeed();
    a_->run();
  }

  bool broken_ = true;
};

TEST_F(Parking, ABrokenResultIsKeptWithItsReasonAndTheOthersGoOn) {
  break_a_result();
  EXPECT_EQ(count("OrderConfirmed"), 3);
  EXPECT_EQ(a_->lane.counters().parked, 1U);
  ASSERT_EQ(parked().size(), 1U);
  EXPECT_EQ(parked()[0].saga, kSaga);
  EXPECT_EQ(parked()[0].kind, "result");
  EXPECT_EQ(parked()[0].reason, "a column does not like it");
  EXPECT_EQ(due_of(kSaga), events::kNever);
  clock_.advance(10s);
  a_->run();
  EXPECT_EQ(a_->lane.counters().parked_now, 1U);
}

TEST_F(Parking, ItOutlivesTheProcessAndAnOperatorHasItTriedAgain) {
  break_a_result();
  broken_ = false;
  a_->lane.give_back();
  a_ = start();
  a_->run();
  EXPECT_EQ(count("OrderConfirmed"), 3);
  submit(about<saga_v1::RetryParkedInput>(parked().at(0).id), "retry-1");
  a_->run();
  EXPECT_EQ(count("OrderConfirmed"), 4);
  EXPECT_TRUE(parked().empty());
  EXPECT_NE(due_of(kSaga), events::kNever);
  ASSERT_EQ(inputs("retry-1").size(), 1U) << "who wanted it, and why, stays";
  EXPECT_EQ(inputs("retry-1")[0].outcome(), common_v1::OUTCOME_ACCEPTED);
  saga_v1::RetryParkedInput why;
  ASSERT_TRUE(why.ParseFromString(inputs("retry-1")[0].data()));
  EXPECT_EQ(why.reason(), "because");
  for (const Record& r : records())
    if (r.type == "InputRecord" && r.event.payload.find("retry-1") != std::string::npos) {
      log_v1::RecordMetadata metadata;
      ASSERT_TRUE(metadata.ParseFromString(r.event.metadata));
      EXPECT_EQ(metadata.actor(), "operator:alice");
    }
  EXPECT_TRUE(a_->handled.empty()) << "no offset of Kafka's is meant";
}

TEST_F(Parking, WhatBreaksAgainStaysAndIsCounted) {
  break_a_result();
  submit(about<saga_v1::RetryParkedInput>(parked().at(0).id), "retry-1");
  a_->run();
  ASSERT_EQ(parked().size(), 1U);
  EXPECT_EQ(parked()[0].attempts, 2);
  ASSERT_EQ(inputs("retry-1").size(), 1U);
  EXPECT_EQ(inputs("retry-1")[0].outcome(), common_v1::OUTCOME_FAILED);
  EXPECT_NE(inputs("retry-1")[0].error().message().find("a column does not like it"), std::string::npos);
  clock_.advance(10s);
  a_->run();
  EXPECT_EQ(inputs("retry-1").size(), 1U) << "it was ended";
}

TEST_F(Parking, ADiscardedResultLetsItsSagaAskAgain) {
  break_a_result();
  broken_ = false;
  submit(about<saga_v1::DiscardParkedInput>(parked().at(0).id), "discard-1");
  a_->run();
  EXPECT_TRUE(parked().empty());
  EXPECT_LT(due_of(kSaga), events::kNever);
  for (int i = 0; i < 60 && count("OrderConfirmed") < 4; ++i) {
    clock_.advance(1s);
    a_->effects.succeed();
    a_->run();
  }
  EXPECT_EQ(count("OrderConfirmed"), 4);
}

TEST_F(Parking, ABrokenWakeUpIsParkedAndCannotBeDiscarded) {
  receive("SKU-1", 10);
  placed("o2");
  before_write_ = [this](const events::TurnWrite& w) {
    for (const events::NewRecord& r : w.records)
      if (broken_ && r.stream == kSaga) throw events::BadData("no");
  };
  clock_.advance(21s);
  a_->run();
  ASSERT_EQ(parked().size(), 1U);
  EXPECT_EQ(parked()[0].kind, "wakeup");
  clock_.advance(1h);
  a_->run();
  EXPECT_EQ(parked()[0].attempts, 1) << "it sleeps";
  std::int64_t id = parked()[0].id;
  submit(about<saga_v1::DiscardParkedInput>(id), "discard-1");
  a_->run();
  EXPECT_EQ(inputs("discard-1").at(0).error().code(), "INVALID_TRANSITION");
  broken_ = false;
  submit(about<saga_v1::RetryParkedInput>(id), "retry-1");
  a_->run();
  EXPECT_TRUE(parked().empty());
  EXPECT_LT(due_of(kSaga), events::kNever);
}

TEST_F(Parking, AnExceptionOfADeciderParksItsInputAndNothingElse) {
  receive("SKU-1", 10);
  for (const char* id : {"o1", "o2", "o3"}) a_->lane.offer(message(id, place(id), std::string("place-") + id));
  // A fold meets what no program of ours has written.
  auto turn = events::MemoryEventStore(log_).begin(std::vector{shard_of("o2", kShards)});
  events::TurnWrite write;
  write.records = {
      {shard_of("o2", kShards), "order-o2", Version(1), events::number_of(order::v1::OrderPlaced::descriptor()), "\xff\xff\xff", ""}};
  turn->write(write, turn->clock());
  turn->commit();
  turn.reset();
  a_->run();
  EXPECT_EQ(inputs("place-o2").at(0).outcome(), common_v1::OUTCOME_FAILED);
  EXPECT_EQ(inputs("place-o1").at(0).outcome(), common_v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(inputs("place-o3").at(0).outcome(), common_v1::OUTCOME_ACCEPTED);
}

TEST_F(Parking, WhatIsNotThereCannotBeRetried) {
  break_a_result();
  std::int64_t id = parked().at(0).id;
  submit(about<saga_v1::RetryParkedInput>(id + 1), "retry-1");
  submit(about<saga_v1::RetryParkedInput>(id, "o1"), "retry-2");  // its key is not the order that it names
  a_->run();
  EXPECT_EQ(inputs("retry-1").at(0).error().code(), "SAGA_NOT_FOUND");
  EXPECT_EQ(inputs("retry-2").at(0).error().code(), "INVALID_ARGUMENT");
  EXPECT_EQ(parked().size(), 1U);
}

TEST_F(Parking, TwoOperatorsWhoWantTheSameGetItOnce) {
  break_a_result();
  broken_ = false;
  std::int64_t id = parked().at(0).id;
  submit(about<saga_v1::RetryParkedInput>(id), "retry-1");
  submit(about<saga_v1::DiscardParkedInput>(id), "discard-1");
  a_->run();
  EXPECT_EQ(count("OrderConfirmed"), 4);
  EXPECT_EQ(inputs("retry-1").at(0).outcome(), common_v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(inputs("discard-1").at(0).error().code(), "SAGA_NOT_FOUND");
}

TEST_F(Parking, AnOperatorHasACallMadeAgain) {
  receive("SKU-1", 10);
  placed("o2");
  saga_v1::ResendRequest verb;
  verb.set_order_id("o2");
  verb.set_definition("place_order");
  verb.set_reason("the gateway lost it");
  submit(verb, "resend-1");
  a_->run();
  ASSERT_EQ(a_->effects.calls.size(), 2U);
  EXPECT_EQ(a_->effects.calls[0].request.idempotency_key(), a_->effects.calls[1].request.idempotency_key());
  EXPECT_EQ(inputs("resend-1").at(0).outcome(), common_v1::OUTCOME_ACCEPTED);
}

TEST_F(Parking, AnOperatorsOrdinaryCommandIsDecidedAndWhatIsNoneIsRefused) {
  receive("SKU-1", 10);
  order::v1::PlaceOrder order = place("o2");
  submit(order, "place-1");
  log_.submit({0, shard_of("o2", kShards), "o2", "nonsense-1", "no.such.Type", std::string(headers::kProtobuf), "alice", "x"});
  a_->run();
  EXPECT_EQ(count("OrderPlaced"), 1);
  EXPECT_EQ(inputs("nonsense-1").at(0).error().code(), "INVALID_ARGUMENT");
  clock_.advance(1s);
  a_->run();
  EXPECT_EQ(inputs("nonsense-1").size(), 1U);
}

TEST_F(Parking, ClientsCannotSendOperatorsCommands) {
  break_a_result();
  a_->handled.clear();
  a_->lane.offer(message("o2", about<saga_v1::RetryParkedInput>(parked().at(0).id), "retry-1"));
  a_->run();
  EXPECT_TRUE(inputs("retry-1").empty());
  ASSERT_EQ(a_->handled.size(), 1U);
  EXPECT_EQ(a_->handled[0].first.at(0).topic, topics::kCommandsDlq);
  EXPECT_EQ(parked().size(), 1U);
}

}  // namespace
}  // namespace ordersaga::consumers
