// What a lane promises when its store fails: each command has exactly one outcome, and its calls are made.
#include "tests/consumers/lane_fixture.h"

namespace ordersaga::consumers {
namespace {

using events::CommitFate;

// True the first time.
auto once() {
  return [first = true]() mutable { return std::exchange(first, false); };
}

bool has_stream(const events::TurnWrite& w, const std::string& stream) {
  return std::ranges::any_of(w.records, [&](const events::NewRecord& r) { return r.stream == stream; });
}

struct Doubt {
  const char* name;
  CommitFate fate;
  bool applied;  // in_flight: how it is resolved
};
void PrintTo(const Doubt& d, std::ostream* out) {
  *out << d.name;
}

class CommitFates : public LaneFixture, public testing::WithParamInterface<Doubt> {
 protected:
  // Has one commit meet its fate, and the lane get over it.
  void live_through() {
    at_commit_ = [this, first = once()](const events::TurnWrite&) mutable { return first() ? GetParam().fate : CommitFate::done; };
    Lane::Step step = a_->step();
    EXPECT_EQ(step, GetParam().fate == CommitFate::done ? Lane::Step::progressed : Lane::Step::try_later);
    if (GetParam().fate == CommitFate::in_flight) {
      EXPECT_EQ(a_->step(), Lane::Step::try_later) << "the lock is held until the first try's fate is known";
      log_.resolve_in_flight(0, GetParam().applied);
    }
    a_->run();
  }
};

TEST_P(CommitFates, ACommandHasOneOutcomeAndItsCallIsMade) {
  receive("SKU-1", 10);
  a_->lane.offer(message("o1", place("o1"), "place-o1"));
  live_through();
  EXPECT_EQ(inputs("place-o1").size(), 1U);
  EXPECT_EQ(count("OrderPlaced"), 1);
  EXPECT_EQ(level("SKU-1"), std::pair(std::int64_t{8}, std::int64_t{2}));
  ASSERT_EQ(a_->handled.size(), 1U);
  EXPECT_TRUE(a_->handled[0].first.empty());
  ASSERT_FALSE(a_->effects.calls.empty());
  // A doubt may make the call twice, never under two keys.
  for (const auto& call : a_->effects.calls) EXPECT_EQ(call.request.idempotency_key(), "o1.1/authorize");
  to_the_end(*a_, "o1");
  EXPECT_EQ(count("OrderCompleted"), 1);
}

TEST_P(CommitFates, AResultIsRecordedOnceAndItsNextCallIsMade) {
  receive("SKU-1", 10);
  placed("o1");
  a_->effects.succeed();
  live_through();
  EXPECT_EQ(count("PaymentAuthorized"), 1);
  EXPECT_EQ(count("OrderConfirmed"), 1);
  auto books = std::ranges::count_if(a_->effects.calls, [](const auto& c) { return c.request.idempotency_key() == "o1.1/book"; });
  EXPECT_GE(books, 1);
}

TEST_P(CommitFates, WhatIsHandedOverStandsInTheLogAndAfterTheDoubtNothingIsMissed) {
  for (int s = 0; s < kShards; ++s) a_->recent.follow(Shard(static_cast<std::int16_t>(s)));
  receive("SKU-1", 10);
  a_->lane.offer(message("o1", place("o1"), "place-o1"));
  live_through();
  to_the_end(*a_, "o1");
  std::map<Shard, std::vector<events::RecordedEvent>> log;
  for (Record& r : records()) log[r.event.shard].push_back(std::move(r.event));
  std::size_t handed_over = 0;
  for (const auto& [shard, wanted] : log) {
    // From what was dropped on, to the head.
    std::vector<events::RecordedEvent> found;
    for (std::int64_t after = 0; found.empty() && after < std::ssize(wanted); ++after)
      a_->recent.take({shard, Epoch(1), Position(after), 1'000, 1 << 20, 0}, found);
    if (found.empty()) continue;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const events::RecordedEvent& r = wanted.at(static_cast<std::size_t>(found[i].position.value - 1));
      EXPECT_EQ(found[i].stream, r.stream);
      EXPECT_EQ(found[i].version, r.version);
      EXPECT_EQ(found[i].type, r.type);
      EXPECT_EQ(found[i].payload, r.payload);
      EXPECT_EQ(found[i].metadata, r.metadata);
      EXPECT_EQ(found[i].recorded_at, r.recorded_at);
    }
    EXPECT_EQ(found.back().position, wanted.back().position);
    handed_over += found.size();
  }
  EXPECT_GT(handed_over, 0U);
  EXPECT_EQ(handed_over == records().size(), GetParam().fate == CommitFate::done) << "a lane that is in doubt takes back what it gave";
}

TEST_P(CommitFates, ATimerMovesItsSagaOnce) {
  receive("SKU-1", 10);
  placed("o1");
  clock_.advance(20s);
  live_through();
  int unknown = 0;
  for (const auto& advanced : events_of<saga_v1::SagaAdvanced>("saga-place_order-o1"))
    for (const auto& t : advanced.transitions()) unknown += t.kind() == saga_v1::TRANSITION_KIND_STEP_UNKNOWN;
  EXPECT_EQ(unknown, 1);
  for (int i = 0; i < 5; ++i, a_->run()) clock_.advance(1s);
  EXPECT_EQ(a_->effects.calls.back().request.operation(), saga_v1::OPERATION_QUERY_PAYMENT);
}

INSTANTIATE_TEST_SUITE_P(Every, CommitFates,
                         testing::Values(Doubt{"done", CommitFate::done, true}, Doubt{"refused", CommitFate::refused, false},
                                         Doubt{"lost", CommitFate::lost, false}, Doubt{"unheard", CommitFate::unheard, true},
                                         Doubt{"in_flight_done", CommitFate::in_flight, true},
                                         Doubt{"in_flight_undone", CommitFate::in_flight, false}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(LaneFixture, StockTakenByAnotherWriterIsSeenByTheSecondRunUnderItsLocks) {
  receive("SKU-1", 3);
  std::string mine = id_in(0), theirs = id_in(1);
  auto b = start();
  b->run();
  before_write_ = [&, first = once()](const events::TurnWrite& w) mutable {
    if (!has_stream(w, "order-" + mine) || !first()) return;
    b->lane.offer(message(theirs, place(theirs, 2), "place-" + theirs));
    b->run();
  };
  a_->lane.offer(message(mine, place(mine, 2), "place-" + mine, "completed"));
  a_->run();
  EXPECT_EQ(a_->lane.counters().stock_reruns, 1U);
  EXPECT_EQ(count("StockReserved"), 1);
  EXPECT_EQ(events_of<order::v1::OrderRejected>("order-" + mine).at(0).code(), "INVENTORY_UNAVAILABLE");
  EXPECT_EQ(level("SKU-1"), std::pair(std::int64_t{1}, std::int64_t{2}));
  EXPECT_EQ(inputs("place-" + mine).size(), 1U);
}

TEST_F(LaneFixture, ABrokenCommandIsFoundAndPutAsideWhileTheOthersGoOn) {
  receive("SKU-1", 100);
  before_write_ = [](const events::TurnWrite& w) {
    if (has_stream(w, "order-o5")) throw events::BadData("a column does not like it");
  };
  for (int i = 0; i < 12; ++i) {
    std::string id = "o" + std::to_string(i);
    a_->lane.offer(message(id, place(id), "place-" + id));
  }
  a_->run();
  EXPECT_EQ(count("OrderPlaced"), 11);
  EXPECT_EQ(a_->lane.counters().parked, 1U);
  ASSERT_EQ(a_->handled.size(), 12U);
  auto parked = std::ranges::find_if(a_->handled, [](const Handled& h) { return !h.first.empty(); });
  ASSERT_NE(parked, a_->handled.end());
  EXPECT_EQ(parked->first[0].topic, topics::kCommandsDlq);
  EXPECT_EQ(header_of(parked->first[0], headers::kDlqErrorMessage), "a column does not like it");
  EXPECT_EQ(parked->first.size(), 1U) << "its sender is told by the log";
  ASSERT_EQ(inputs("place-o5").size(), 1U);
  EXPECT_EQ(inputs("place-o5")[0].outcome(), common_v1::OUTCOME_FAILED);
  EXPECT_EQ(inputs("place-o5")[0].error().code(), "INTERNAL");
  EXPECT_EQ(inputs("place-o5")[0].reply().topic(), kReplies);

  a_->lane.offer(message("o5", place("o5"), "place-o5"));
  a_->run();
  EXPECT_EQ(inputs("place-o5").size(), 1U) << "a retry gets its outcome, not another try";
  EXPECT_EQ(reply_in(a_->handled.back().first.at(0)).outcome(), common_v1::OUTCOME_FAILED);
}

TEST_F(LaneFixture, WhatCannotEvenBeRecordedGoesToTheDeadLettersAndTheOthersGoOn) {
  receive("SKU-1", 100);
  before_write_ = [](const events::TurnWrite& w) {
    for (const auto& e : w.inbox)
      if (e.id.message_id == "place-o5") throw events::BadData("no");
  };
  for (int i = 0; i < 12; ++i) {
    std::string id = "o" + std::to_string(i);
    a_->lane.offer(message(id, place(id), "place-" + id));
  }
  a_->run();
  EXPECT_EQ(count("OrderPlaced"), 11);
  ASSERT_EQ(a_->handled.size(), 12U);
  EXPECT_EQ(std::ranges::count_if(a_->handled, [](const Handled& h) { return !h.first.empty(); }), 1);
}

TEST_F(LaneFixture, AStoreThatIsAwayOrBusyLosesNothing) {
  receive("SKU-1", 100);
  int refusals = 0;
  before_begin_ = [&](std::span<const Shard>) {
    ++refusals;
    if (refusals % 3 == 1) throw events::StoreUnavailable("gone");
    if (refusals % 3 == 2) throw events::ShardBusy("held");
  };
  for (int i = 0; i < 8; ++i) {
    std::string id = "o" + std::to_string(i);
    a_->lane.offer(message(id, place(id), "place-" + id));
  }
  a_->run(1000);
  EXPECT_EQ(count("OrderPlaced"), 8);
  EXPECT_EQ(a_->handled.size(), 8U);
  for (int i = 0; i < 2; ++i, a_->run(1000)) a_->effects.succeed();
  EXPECT_EQ(count("OrderConfirmed"), 8);
}

TEST_F(LaneFixture, ACallThatWasOnlyEverRefusedIsUndoneAllTheSameBecauseADeadOwnersRequestMayStillArrive) {
  receive("SKU-1", 10);
  placed("o1");  // this process dies with its request under way
  auto b = start();
  b->run();
  for (int i = 0; i < 300 && count("SagaAdvanced", "saga-place_order-o1") > 0; ++i) {
    for (auto& call : b->effects.calls)
      if (!call.answered && call.request.operation() == saga_v1::OPERATION_AUTHORIZE_PAYMENT)
        b->effects.answer(call, saga_v1::EFFECT_OUTCOME_UNAVAILABLE, "DEPENDENCY_UNAVAILABLE");
    clock_.advance(1s);
    b->run();
  }
  const auto& last = b->effects.calls.back().request;
  ASSERT_EQ(last.operation(), saga_v1::OPERATION_VOID_PAYMENT);
  EXPECT_EQ(last.target_key(), "o1.1/authorize");
  b->effects.succeed();
  b->run();
  EXPECT_EQ(events_of<order::v1::OrderRejected>("order-o1").at(0).code(), "DEPENDENCY_UNAVAILABLE");
}

TEST_F(LaneFixture, AZombieDecidesOnWhatTheNewOwnerWroteAndNotOnWhatItRemembers) {
  receive("SKU-1", 10);
  placed("o1");
  auto b = start();
  b->run();
  for (int i = 0; i < 2; ++i, b->run()) b->effects.succeed();  // confirmed, and booked with the carrier
  ASSERT_EQ(count("OrderConfirmed"), 1);
  a_->lane.offer(message("o1", pack("o1"), "pack-o1"));
  a_->run();
  ASSERT_EQ(inputs("pack-o1").size(), 1U);
  EXPECT_EQ(inputs("pack-o1")[0].outcome(), common_v1::OUTCOME_ACCEPTED) << "it remembers an order that nobody has paid for";
  EXPECT_EQ(a_->lane.counters().retries, 0U);
}

TEST_F(LaneFixture, OfAnEarlierEpochNothingIsRememberedEvenWhenTheHeadsPositionIsTheSame) {
  receive("SKU-1", 10);
  const std::string undone = id_in(0, "x"), other = id_in(0, "y");
  auto head = [this] { return events::MemoryEventStore(log_).heads()[0].position; };
  const Position before = head();
  placed(undone);
  const Position after = head();
  log_.take_back(Shard(0), before);
  log_.begin_epoch(std::vector{events::ShardPosition{Shard(0), before}});
  auto b = start();
  b->lane.offer(message(other, place(other), "place-" + other));
  b->run();
  ASSERT_EQ(head(), after);
  a_->lane.offer(message(undone, place(undone), "placed-again"));
  a_->run();
  ASSERT_EQ(inputs("placed-again").size(), 1U);
  EXPECT_EQ(inputs("placed-again")[0].outcome(), common_v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(count("OrderPlaced", "order-" + undone), 1);
  EXPECT_EQ(a_->lane.counters().retries, 0U);
}

TEST_F(LaneFixture, AZombiesTurnMeetsWhatTheNewOwnerDid) {
  receive("SKU-1", 10);
  ConsumedMessage m = message("o1", place("o1"), "place-o1");
  auto b = start();
  b->run();
  before_begin_ = [&, first = once()](std::span<const Shard>) mutable {
    if (!first()) return;
    b->lane.offer(m);
    b->run();
  };
  a_->lane.offer(m);
  a_->run();
  EXPECT_EQ(inputs("place-o1").size(), 1U);
  EXPECT_EQ(count("OrderPlaced"), 1);
  EXPECT_EQ(a_->handled.size(), 1U);
  EXPECT_TRUE(a_->effects.calls.empty());
  EXPECT_EQ(b->effects.calls.size(), 1U);
}

}  // namespace
}  // namespace ordersaga::consumers
