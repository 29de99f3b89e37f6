// The dispatcher: what it does under overload, and while a server is away.
#include <set>

#include "tests/consumers/dispatcher_fixture.h"

namespace ordersaga::consumers {
namespace {

TEST_F(Dispatcher, ASlowStoreBoundsWhatIsTakenByCountAndNothingIsLost) {
  receive("SKU-1", 100'000);
  OrchestratorSettings settings;
  settings.pause_at = 100;
  settings.resume_at = 30;
  settings.poll_max = 50;
  begin(std::move(settings));
  bool slow = true;
  before_begin_ = [&](std::span<const Shard>) {
    if (slow) throw events::StoreUnavailable("busy");
  };
  send_orders(0, 600);
  run(100);
  EXPECT_FALSE(consumer_.paused.empty());
  EXPECT_GE(consumer_.left(), 600U - 200U) << "what cannot be done stays in Kafka";
  EXPECT_LE(orchestrator_->lane(0).backlog(), 200U);
  slow = false;
  run(200);
  EXPECT_EQ(count("OrderPlaced"), 600) << "late rather than never";
  EXPECT_TRUE(consumer_.paused.empty());
  EXPECT_EQ(orchestrator_->lane(0).backlog_bytes(), 0U);
}

TEST_F(Dispatcher, LargeCommandsAreBoundedByTheirBytes) {
  receive("SKU-1", 100'000);
  OrchestratorSettings settings;
  settings.poll_max = 10;
  settings.pause_at_bytes = 1'000'000;
  settings.resume_at_bytes = 100'000;
  begin(std::move(settings));
  bool slow = true;
  before_begin_ = [&](std::span<const Shard>) {
    if (slow) throw events::StoreUnavailable("busy");
  };
  for (int i = 0; i < 200; ++i) {
    std::string id = "o" + std::to_string(i);
    order::v1::PlaceOrder order = place(id, 1);
    order.set_notes(std::string(50'000, 'x'));  // it will be refused, but first it is held
    send(message(id, order, "place-" + id));
  }
  run(100);
  EXPECT_GE(orchestrator_->lane(0).backlog_bytes(), 1'000'000U);
  EXPECT_LE(orchestrator_->lane(0).backlog_bytes(), 2'000'000U);
  slow = false;
  run(100);
  EXPECT_EQ(count("InputRecord"), 201);
  EXPECT_EQ(orchestrator_->lane(0).backlog_bytes(), 0U);
}

TEST_F(Dispatcher, DeadLettersThatCannotBeSentPauseTheirPartitions) {
  OrchestratorSettings settings;
  settings.poll_max = 10;
  settings.pause_at_unsent = 40;
  begin(std::move(settings));
  producer_.stalled = true;
  for (int i = 0; i < 500; ++i) send(raw("o" + std::to_string(i), "no.such.Type", "x", "id-" + std::to_string(i)));
  run(100);
  EXPECT_LE(producer_.open.size(), 2U * 80U);
  EXPECT_TRUE(consumer_.committed.empty()) << "none of them is safe yet";
  producer_.stalled = false;
  run(200);
  EXPECT_EQ(consumer_.left(), 0U);
  for (const auto& [partition, next] : consumer_.committed) EXPECT_EQ(next, next_offset_[partition]);
}

TEST_F(Dispatcher, AForwardedCommandsOffsetWaitsUntilItHasArrived) {
  begin();
  ConsumedMessage m = message("o1", place("o1"), "place-o1");
  m.partition = (m.partition + 1) % kShards;
  m.offset = 0;
  send(m);
  producer_.stalled = true;
  producer_.fail_next = 1;
  run(5);
  ASSERT_EQ(producer_.sent.size(), 1U);
  EXPECT_EQ(producer_.sent[0].partition, shard_of("o1", kShards).value);
  EXPECT_TRUE(consumer_.committed.empty());
  producer_.stalled = false;
  run(1);
  EXPECT_TRUE(consumer_.committed.empty()) << "the first try failed";
  run(5);
  EXPECT_EQ(producer_.sent.size(), 2U);
  EXPECT_EQ(consumer_.committed.at(m.partition), 1);
}

TEST_F(Dispatcher, WithoutKafkaTimersResultsAndOperatorsGoOnOnTheShardsThatAreFree) {
  receive("SKU-1", 100);
  begin();
  std::string here = id_in(0), held = id_in(1);
  for (const std::string& id : {here, held}) send(message(id, place(id), "place-" + id));
  run(10);
  ASSERT_EQ(effects_.calls.size(), 2U);
  assign(false);  // the group's session timed out
  brokers_down_ = true;
  run(5);
  EXPECT_EQ(*orchestrator_->problem(), "Kafka cannot be reached");
  events::MemoryEventStore other(log_);
  auto lock = other.begin(std::vector{Shard(1)});
  effects_.succeed();
  run(50);
  EXPECT_EQ(count("OrderConfirmed", "order-" + here), 1);
  EXPECT_EQ(count("OrderConfirmed", "order-" + held), 0) << "another one works there, and is not waited for";
  log_.submit({0, Shard(0), here, "by-hand", std::string(order::v1::PlaceOrder::descriptor()->full_name()), std::string(headers::kProtobuf),
               "alice", place(here).SerializeAsString()});
  clock_.advance(1s);
  lock.reset();
  run(50);
  EXPECT_EQ(count("OrderConfirmed", "order-" + held), 1);
  EXPECT_EQ(inputs("by-hand").size(), 1U);
  const auto before = orchestrator_->lane(0).counters().timers_fired.load();
  for (int i = 0; i < 60; ++i) {  // both wait for the carrier, which does not answer
    clock_.advance(1s);
    run(5);
  }
  EXPECT_GE(orchestrator_->lane(0).counters().timers_fired, before + 2);

  brokers_down_ = false;
  assign(true);
  run(5);
  EXPECT_EQ(orchestrator_->problem(), std::nullopt);
  std::string late = id_in(2);
  send(message(late, place(late), "place-" + late));
  run(10);
  EXPECT_EQ(count("OrderPlaced", "order-" + late), 1);
}

TEST_F(Dispatcher, TwoThatAdoptTheSameShardsMoveEachSagaOnceAndOneOfThemGoesOnAlone) {
  receive("SKU-1", 100);
  begin();
  for (int s = 0; s < kShards; ++s) send(message(id_in(s), place(id_in(s)), "place-" + id_in(s)));
  run(10);
  ASSERT_EQ(effects_.calls.size(), 4U);
  HandConsumer others_consumer;
  HandProducer others_producer;
  HandEffects others_effects;
  auto other = make(others_consumer, others_producer, others_effects, {});
  auto both = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      step(*orchestrator_);
      step(*other);
    }
  };
  assign(false);
  brokers_down_ = true;
  both(10);
  // Each of them makes the calls that are outstanding: under the same keys, so they count once.
  ASSERT_EQ(others_effects.calls.size(), 4U);
  std::set<std::string> keys, others_keys;
  for (const auto& call : effects_.calls) keys.insert(call.request.idempotency_key());
  for (const auto& call : others_effects.calls) others_keys.insert(call.request.idempotency_key());
  EXPECT_EQ(keys, others_keys);

  // One shard's lock is held by whoever comes first, and the other one does not wait for it.
  before_write_ = [&, first = true](const events::TurnWrite&) mutable {
    if (!std::exchange(first, false)) return;
    for (int i = 0; i < 3; ++i) step(*other);
    EXPECT_EQ(other->lane(0).counters().retries, 0U);
  };
  effects_.succeed();
  others_effects.succeed();
  both(50);
  EXPECT_EQ(count("PaymentAuthorized"), 4);
  EXPECT_EQ(count("OrderConfirmed"), 4);
  for (int i = 0; i < 60; ++i) {  // the carrier does not answer either of them
    clock_.advance(1s);
    both(5);
  }
  for (int s = 0; s < kShards; ++s) {
    int first_unknown = 0;
    for (const auto& advanced : events_of<saga_v1::SagaAdvanced>("saga-fulfil_order-" + id_in(s)))
      for (const auto& t : advanced.transitions()) first_unknown += t.kind() == saga_v1::TRANSITION_KIND_STEP_UNKNOWN && t.attempt() == 1;
    EXPECT_EQ(first_unknown, 1) << "a timer fires once, whoever finds it";
  }

  brokers_down_ = false;
  assign(true);
  both(5);
  const auto others_timers = other->lane(0).counters().timers_fired.load();
  const auto others_turns = other->lane(0).counters().turns.load();
  for (int i = 0; i < 60; ++i) {
    clock_.advance(1s);
    both(5);
  }
  EXPECT_EQ(other->lane(0).counters().timers_fired, others_timers) << "what was adopted is given up";
  EXPECT_EQ(other->lane(0).counters().turns, others_turns);
  EXPECT_GT(orchestrator_->lane(0).counters().timers_fired, others_timers);
}

TEST_F(Dispatcher, WhileItsShardsAreStillAssignedNothingIsAdopted) {
  receive("SKU-1", 100);
  begin();
  send_orders(0, 1);
  run(5);
  brokers_down_ = true;  // noticed before the group's session ends
  run(5);
  events::MemoryEventStore other(log_);
  auto lock = other.begin(std::vector{shard_of("o0", kShards)});
  effects_.succeed();
  run(5);
  EXPECT_GT(orchestrator_->lane(0).counters().retries, 0U) << "a shard of its own is waited for";
  lock.reset();
  run(5);
  EXPECT_EQ(count("OrderConfirmed"), 1);
}

TEST_F(Dispatcher, ItSaysThatATurnTakesTooLong) {
  receive("SKU-1", 100);
  begin();
  run(5);
  std::optional<std::string> early, late;
  before_write_ = [&](const events::TurnWrite&) {
    clock_.advance(settings_.turn_patience);
    early = orchestrator_->problem();
    clock_.advance(1s);
    late = orchestrator_->problem();
  };
  send_orders(0, 1);
  run(5);
  EXPECT_EQ(early, std::nullopt);
  EXPECT_EQ(late, "a turn has been under way for 31 s");
  EXPECT_EQ(orchestrator_->problem(), std::nullopt);
}

TEST_F(Dispatcher, ItSaysThatTheClocksAreApart) {
  receive("SKU-1", 100);
  begin();
  run(5);
  store_ahead_ = settings_.max_clock_skew + 1s;
  send_orders(0, 1);
  run(5);
  ASSERT_TRUE(orchestrator_->problem());
  EXPECT_NE(orchestrator_->problem()->find("timers stand still"), std::string::npos);
  store_ahead_ = settings_.max_clock_skew;
  clock_.advance(1s);
  run(5);
  EXPECT_EQ(orchestrator_->problem(), std::nullopt);
}

TEST_F(Dispatcher, ItSaysThatTheDatabaseIsLostAndThatItIsBackByItself) {
  receive("SKU-1", 100);
  begin();
  run(5);
  EXPECT_EQ(orchestrator_->problem(), std::nullopt);
  bool away = true;
  before_begin_ = [&](std::span<const Shard>) {
    if (away) throw events::StoreUnavailable("gone");
  };
  send_orders(0, 1);
  run(5);
  clock_.advance(3s);
  run(5);
  ASSERT_TRUE(orchestrator_->problem());
  EXPECT_NE(orchestrator_->problem()->find("database"), std::string::npos);
  away = false;
  run(5);
  EXPECT_EQ(orchestrator_->problem(), std::nullopt);
}

TEST_F(Dispatcher, ItSaysThatCommandsWaitTooLong) {
  settings_.max_effects = 1;
  receive("SKU-1", 100);
  begin();
  for (const char* id : {"o1", "o2"}) {
    ConsumedMessage m = message(id, place(id), std::string("place-") + id);
    m.timestamp = std::chrono::floor<std::chrono::milliseconds>(clock_.wall);
    send(m);
    run(5);
  }
  EXPECT_EQ(orchestrator_->problem(), std::nullopt);
  clock_.advance(settings_.max_lag + 1s);
  EXPECT_EQ(orchestrator_->problem(), "commands wait for 61 s");
  effects_.answer(effects_.calls[0], saga_v1::EFFECT_OUTCOME_FAILED, "PAYMENT_DECLINED");
  run(10);
  EXPECT_EQ(orchestrator_->problem(), std::nullopt);
}

}  // namespace
}  // namespace ordersaga::consumers
