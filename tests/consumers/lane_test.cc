// What a lane promises while its store and its clock behave: one outcome a command, effects made, timers fired.
#include "tests/consumers/lane_fixture.h"

namespace ordersaga::consumers {
namespace {

TEST_F(LaneFixture, AnOrderGoesFromItsCommandToItsEnd) {
  receive("SKU-1", 10);
  placed("o1", "completed");
  ASSERT_EQ(a_->handled.size(), 1U);
  EXPECT_TRUE(a_->handled[0].first.empty()) << "the log answers, not the lane";
  to_the_end(*a_, "o1");
  EXPECT_EQ(count("OrderCompleted", "order-o1"), 1);
  EXPECT_EQ(level("SKU-1"), std::pair(std::int64_t{8}, std::int64_t{0}));
  std::vector<std::string> operations;
  for (const auto& call : a_->effects.calls) operations.push_back(call.request.idempotency_key());
  EXPECT_EQ(operations, (std::vector<std::string>{"o1.1/authorize", "o1.1/book", "o1.1/capture", "o1.1/hand_over", "o1.1/track"}));
  EXPECT_TRUE(a_->store.wakeups().empty());
}

TEST_F(LaneFixture, ARedeliveryIsFinishedAndGetsNoSecondAnswer) {
  receive("SKU-1", 10);
  ConsumedMessage m = placed("o1");
  a_->lane.offer(m);
  a_->run();
  ASSERT_EQ(a_->handled.size(), 2U);
  EXPECT_EQ(a_->handled[1].offset, m.offset);
  EXPECT_TRUE(a_->handled[1].first.empty());
  EXPECT_EQ(count("OrderPlaced"), 1);
  EXPECT_EQ(inputs("place-o1").size(), 1U);
}

TEST_F(LaneFixture, AClientsRetryGetsTheStoredAnswer) {
  receive("SKU-1", 10);
  ConsumedMessage m = placed("o1");
  a_->lane.offer(again(m));
  a_->run();
  ASSERT_EQ(a_->handled.size(), 2U);
  ASSERT_EQ(a_->handled[1].first.size(), 1U);
  const OutgoingMessage& answer = a_->handled[1].first[0];
  EXPECT_EQ(answer.topic, kReplies);
  common_v1::CommandReply reply = reply_in(answer);
  EXPECT_EQ(reply.outcome(), common_v1::OUTCOME_ACCEPTED);
  EXPECT_TRUE(reply.replayed());
  EXPECT_EQ(reply.aggregate_id(), "o1");
  EXPECT_GT(reply.position(), 0);
  EXPECT_EQ(inputs("place-o1").size(), 1U);
}

TEST_F(LaneFixture, ARetryThatWantsTheEndIsAnsweredByTheSagaWhileItRunsAndFromTheLogAfterwards) {
  receive("SKU-1", 10);
  ConsumedMessage m = placed("o1", "completed");
  a_->lane.offer(again(m));
  a_->run();
  EXPECT_TRUE(a_->handled.back().first.empty()) << "the saga will answer";
  a_->effects.succeed();
  a_->run();
  a_->lane.offer(again(m));
  a_->run();
  ASSERT_EQ(a_->handled.back().first.size(), 1U);
  common_v1::CommandReply reply = reply_in(a_->handled.back().first[0]);
  EXPECT_EQ(reply.outcome(), common_v1::OUTCOME_SUCCEEDED);
  EXPECT_TRUE(reply.replayed());
  EXPECT_EQ(reply.command_id(), "place-o1");
}

TEST_F(LaneFixture, ARetryOfARejectedCommandGetsTheRejection) {
  ConsumedMessage m = placed("o1", "completed");  // no stock: an unknown SKU
  a_->lane.offer(again(m));
  a_->run();
  ASSERT_EQ(a_->handled.back().first.size(), 1U);
  common_v1::CommandReply reply = reply_in(a_->handled.back().first[0]);
  EXPECT_EQ(reply.outcome(), common_v1::OUTCOME_REJECTED);
  EXPECT_EQ(reply.error().code(), "UNKNOWN_SKU");
}

TEST_F(LaneFixture, OtherBytesUnderAUsedIdAreRefusedOnceEvenWhenRedelivered) {
  receive("SKU-1", 10);
  placed("o1");
  ConsumedMessage other = message("o1", place("o1", 3), "place-o1");
  for (int i = 0; i < 2; ++i) {
    a_->lane.offer(other);
    a_->run();
  }
  std::vector<log_v1::InputRecord> all = inputs("place-o1");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].outcome(), common_v1::OUTCOME_REJECTED);
  EXPECT_EQ(all[1].error().code(), "IDEMPOTENCY_KEY_MISMATCH");
  EXPECT_EQ(all[1].reply().topic(), kReplies);
  EXPECT_EQ(a_->handled.size(), 3U);
  EXPECT_EQ(count("OrderPlaced"), 1);
}

TEST_F(LaneFixture, TheSameCommandTwiceInOneTurnIsDecidedOnceAndAnsweredTwice) {
  receive("SKU-1", 10);
  ConsumedMessage m = message("o1", place("o1"), "place-o1");
  a_->lane.offer(m);
  a_->lane.offer(again(m));
  a_->run();
  EXPECT_EQ(count("OrderPlaced"), 1);
  ASSERT_EQ(a_->handled.size(), 2U);
  EXPECT_EQ(a_->handled[1].first.size(), 1U);
}

TEST_F(LaneFixture, OtherBytesUnderOneIdInOneTurnAreRefused) {
  receive("SKU-1", 10);
  a_->lane.offer(message("o1", place("o1"), "place-o1"));
  a_->lane.offer(message("o1", place("o1", 3), "place-o1"));
  a_->run();
  std::vector<log_v1::InputRecord> all = inputs("place-o1");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].outcome(), common_v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(all[1].error().code(), "IDEMPOTENCY_KEY_MISMATCH");
}

TEST_F(LaneFixture, ACommandOnAnotherKeysPartitionIsForwardedUnchanged) {
  receive("SKU-1", 10);
  ConsumedMessage m = message("o1", place("o1"), "place-o1");
  int right = m.partition;
  m.partition = (right + 1) % kShards;
  a_->lane.offer(m);
  a_->run();
  ASSERT_EQ(a_->handled.size(), 1U);
  ASSERT_EQ(a_->handled[0].first.size(), 1U);
  const OutgoingMessage& forwarded = a_->handled[0].first[0];
  EXPECT_EQ(forwarded.topic, topics::kCommands);
  EXPECT_EQ(forwarded.partition, right);
  EXPECT_EQ(forwarded.value, m.value);
  EXPECT_EQ(header_of(forwarded, headers::kId), "place-o1");
  EXPECT_EQ(count("OrderPlaced"), 0);
  EXPECT_EQ(a_->lane.counters().forwarded, 1U);
}

TEST_F(LaneFixture, ForwardingDoesNotMakeACommandYoungerThanTheInboxRemembers) {
  receive("SKU-1", 10);
  const Timestamp since = events::MemoryEventStore(log_).begin(std::vector{Shard(0)})->inbox_since();
  ConsumedMessage old = message("o1", place("o1"), "place-o1");
  const int right = old.partition;
  old.partition = (right + 1) % kShards;
  old.timestamp = std::chrono::floor<std::chrono::milliseconds>(since - 1ms);
  a_->lane.offer(old);
  a_->run();
  ASSERT_EQ(a_->handled.size(), 1U);
  const OutgoingMessage sent = a_->handled[0].first.at(0);
  ConsumedMessage arrived = message("o1", place("o1"), "place-o1");
  ASSERT_EQ(arrived.partition, sent.partition);
  arrived.headers = sent.headers;  // its timestamp is now
  a_->lane.offer(arrived);
  a_->run();
  EXPECT_EQ(count("OrderPlaced"), 0);
  EXPECT_EQ(a_->lane.counters().refused_too_old, 1U);
  EXPECT_EQ(header_of(a_->handled.back().first.at(0), headers::kDlqErrorCode), "COMMAND_TOO_OLD");
}

TEST_F(LaneFixture, ACommandAfterItsExpiryIsNotDecided) {
  receive("SKU-1", 10);
  ConsumedMessage m = message("o1", place("o1"), "place-o1");
  m.headers.push_back({std::string(headers::kExpiryTime), "1999-01-01T00:00:00Z"});
  a_->lane.offer(m);
  a_->run();
  ASSERT_EQ(inputs("place-o1").size(), 1U);
  EXPECT_EQ(inputs("place-o1")[0].outcome(), common_v1::OUTCOME_EXPIRED);
  EXPECT_EQ(inputs("place-o1")[0].error().code(), "COMMAND_EXPIRED");
  EXPECT_EQ(count("OrderPlaced"), 0);
}

TEST_F(LaneFixture, ACommandOlderThanTheInboxRemembersIsRefusedUnlessItIsStillKnown) {
  receive("SKU-1", 10);
  const Timestamp since = events::MemoryEventStore(log_).begin(std::vector{Shard(0)})->inbox_since();
  auto at = [](Timestamp t) { return std::chrono::floor<std::chrono::milliseconds>(t); };
  ConsumedMessage known = message("o1", place("o1"), "place-o1");
  known.timestamp = at(clock_.wall);
  ConsumedMessage old = message("o2", place("o2"), "place-o2");
  old.timestamp = at(since - 1ms);
  ConsumedMessage recent = message("o3", place("o3"), "place-o3");
  recent.timestamp = at(since);
  for (const auto& m : {known, old, recent}) a_->lane.offer(m);
  a_->run();
  EXPECT_EQ(count("OrderPlaced"), 2);
  EXPECT_TRUE(inputs("place-o2").empty()) << "it may have an outcome already: it gets no second one";
  ASSERT_EQ(a_->handled.size(), 3U);
  const Handled& refused = *std::ranges::find_if(a_->handled, [&](const Handled& h) { return !h.first.empty(); });
  ASSERT_EQ(refused.first.size(), 2U);
  EXPECT_EQ(refused.first[0].topic, topics::kCommandsDlq);
  EXPECT_EQ(header_of(refused.first[0], headers::kDlqErrorCode), "COMMAND_TOO_OLD");
  EXPECT_EQ(reply_in(refused.first[1]).error().code(), "COMMAND_TOO_OLD");
  EXPECT_EQ(reply_in(refused.first[1]).command_id(), "place-o2");
  EXPECT_EQ(a_->lane.counters().refused_too_old, 1U);

  a_->handled.clear();
  clock_.advance(clock_.wall - since + 1s);
  a_->lane.offer(known);
  a_->run();
  ASSERT_EQ(a_->handled.size(), 1U);
  EXPECT_TRUE(a_->handled[0].first.empty()) << "a redelivery of what the inbox knows is no news";
}

TEST_F(LaneFixture, ATakeOverMakesOutstandingCallsAgainWithTheSameKeys) {
  receive("SKU-1", 10);
  placed("o1");
  ASSERT_EQ(a_->effects.calls.size(), 1U);
  auto b = start();
  b->run();
  ASSERT_EQ(b->effects.calls.size(), 1U);
  EXPECT_EQ(b->effects.calls[0].request.SerializeAsString(), a_->effects.calls[0].request.SerializeAsString());
  // Both answers come, the zombie's too: one outcome.
  b->effects.succeed();
  b->run();
  a_->effects.succeed();
  a_->run();
  EXPECT_EQ(count("PaymentAuthorized"), 1);
  EXPECT_EQ(count("OrderConfirmed"), 1);
}

TEST_F(LaneFixture, ATakeOverMakesItsCallsAFewAtATimeAndNotTooManyAtOnce) {
  receive("SKU-1", 1'000);
  for (int i = 0; i < 20; ++i) placed("o" + std::to_string(i));
  a_->lane.give_back();
  settings_.max_resumes = 3;
  settings_.max_effects = 7;
  auto b = start();
  std::size_t made = 0;
  while (b->step() == Lane::Step::progressed) {
    EXPECT_LE(b->effects.calls.size(), made + 3);
    made = b->effects.calls.size();
  }
  EXPECT_GE(made, 7U);
  EXPECT_LE(made, 9U) << "the rest waits until some are answered";
  b->lane.offer(message("late", place("late"), "place-late"));
  b->run();
  EXPECT_EQ(count("OrderPlaced", "order-late"), 0);
  for (int i = 0; i < 50; ++i, b->run()) b->effects.succeed();
  EXPECT_EQ(count("OrderConfirmed"), 21);
  std::map<std::string, int> authorizations;
  for (const auto& call : b->effects.calls) authorizations[call.request.idempotency_key()] += 1;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(authorizations["o" + std::to_string(i) + ".1/authorize"], 1);
}

TEST_F(LaneFixture, ARevokedShardsCommandsAreLeftToItsNextOwner) {
  receive("SKU-1", 10);
  a_->lane.offer(message("o1", place("o1"), "place-o1"));
  a_->lane.offer(Revoke{shard_of("o1", kShards)});
  a_->run();
  EXPECT_EQ(count("OrderPlaced"), 0);
  EXPECT_TRUE(a_->handled.empty());
}

TEST_F(LaneFixture, ACallWithoutAnAnswerIsAskedAboutWhenItsTimerFires) {
  receive("SKU-1", 10);
  placed("o1");
  clock_.advance(19s);
  a_->run();
  EXPECT_EQ(a_->effects.calls.size(), 1U);
  for (int i = 0; i < 10; ++i) {
    clock_.advance(1s);
    a_->run();
  }
  ASSERT_GE(a_->effects.calls.size(), 2U);
  EXPECT_EQ(a_->effects.calls[1].request.operation(), saga_v1::OPERATION_QUERY_PAYMENT);
  EXPECT_EQ(a_->effects.calls[1].request.idempotency_key(), "o1.1/authorize");
}

TEST_F(LaneFixture, TimersStandStillWhileTheClocksAreApart) {
  receive("SKU-1", 10);
  placed("o1");
  store_ahead_ = 2min;
  placed("o2");  // a turn notices
  EXPECT_TRUE(a_->lane.counters().clocks_apart);
  clock_.advance(21s);
  a_->run();
  EXPECT_EQ(a_->effects.calls.size(), 2U) << "no timer has fired";
  store_ahead_ = 0s;
  for (int i = 0; i < 300; ++i) {
    clock_.advance(1s);
    a_->run();
  }
  EXPECT_FALSE(a_->lane.counters().clocks_apart);
  EXPECT_GT(a_->effects.calls.size(), 2U);
}

TEST_F(LaneFixture, TimersStandStillTooWhenTheDatabasesClockIsBehind) {
  receive("SKU-1", 10);
  placed("o1");
  store_ahead_ = -2min;
  placed("o2");
  EXPECT_TRUE(a_->lane.counters().clocks_apart);
  clock_.advance(21s);
  a_->run();
  EXPECT_EQ(a_->effects.calls.size(), 2U) << "no timer has fired";
  EXPECT_EQ(count("OrderPlaced"), 2) << "and commands are decided all the same";
}

TEST_F(LaneFixture, OrderNumbersStayUniqueOverRestarts) {
  receive("SKU-1", 1000);
  std::vector<std::string> numbers;
  for (int i = 0; i < 40; ++i) {
    if (i % 7 == 0) a_ = start();
    std::string id = "o" + std::to_string(i);
    placed(id);
    numbers.push_back(events_of<order::v1::OrderPlaced>("order-" + id).at(0).order_number());
  }
  std::ranges::sort(numbers);
  EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end());
}

TEST_F(LaneFixture, NoCommandsAreBegunWhileTooManyCallsAreInFlight) {
  settings_.max_effects = 1;
  a_ = start();
  receive("SKU-1", 10);
  placed("o1");
  a_->lane.offer(message("o2", place("o2"), "place-o2"));
  a_->run();
  EXPECT_EQ(count("OrderPlaced"), 1);
  a_->effects.answer(a_->effects.calls[0], saga_v1::EFFECT_OUTCOME_FAILED, "PAYMENT_DECLINED");
  a_->run();
  EXPECT_EQ(count("OrderPlaced"), 2);
}

}  // namespace
}  // namespace ordersaga::consumers
