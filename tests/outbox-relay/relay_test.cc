#include "outbox-relay/relay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "schemas/headers.h"
#include "tests/outbox-relay/relay_fixture.h"

namespace ordersaga::relay::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(RelayTest, PublishesEveryShardInOrderAndMovesTheCursors) {
  for (int i = 0; i < 30; ++i) book.append_event(shard(i % kShards));
  start();
  settle();
  expect_published();
  EXPECT_EQ(relay->counters().published, 30U);
  EXPECT_EQ(relay->counters().backlog, 0);
  for (int n = 0; n < kShards; ++n) {
    EXPECT_EQ(events(n).size(), 10U) << "no repetitions without a failure";
    EXPECT_EQ(cursors.load(shard(n)), (Cursor{shard(n), Epoch(1), Position(10), 9, "cluster-1"}));
  }
}

TEST_F(RelayTest, RepliesAndRequestsGoOutBesideTheirRecords) {
  book.append_input(shard(0), kReplies);
  book.append_request(shard(1), "SKU-1");
  start();
  settle();
  expect_published();
  EXPECT_EQ(kafka.messages({kReplies, -1}).size(), 1U);
  EXPECT_EQ(kafka.messages({"ordersaga.commands.v1", shard_of("SKU-1", kShards).value}).size(), 1U);
}

TEST_F(RelayTest, TheFirstEventOfANewProducerGoesAlone) {
  for (int i = 0; i < 5; ++i) book.append_event(shard(0));
  kafka.per_poll = 0;
  start();
  step(10);
  EXPECT_EQ(events(0).size(), 0U);
  kafka.per_poll = 1;
  step();
  kafka.per_poll = 0;
  step(3);
  kafka.deliver_late(100);
  EXPECT_EQ(events(0).size(), 1U);
  relay.reset();  // now the rest is under way
  kafka.deliver_late(100);
  EXPECT_EQ(events(0).size(), 5U);
}

TEST_F(RelayTest, TheCursorDoesNotPassARecordWhoseReplyIsNotConfirmed) {
  book.append_event(shard(0));
  book.append_input(shard(0), kReplies);
  book.append_event(shard(0));
  kafka.replies_per_poll = 0;
  start();
  while (events(0).size() < 3) step();
  step();
  relay->finish(0ms);
  EXPECT_EQ(cursors.load(shard(0))->position, Position(1));
  kafka.replies_per_poll = 1;
  settle();
  EXPECT_EQ(cursors.load(shard(0))->position, Position(3));
}

TEST_F(RelayTest, AfterARestartTheTailDecidesAndWhatOnlyTheEventsTopicHasIsCompleted) {
  book.append_event(shard(0));
  book.append_input(shard(0), kReplies);
  book.append_request(shard(0), "SKU-1");
  book.append_event(shard(0));
  kafka.per_poll = 1;
  kafka.replies_per_poll = 0;
  start();
  while (events(0).size() < 2) step();
  kill();
  kafka.per_poll = kafka.replies_per_poll = 10;
  start();
  settle();
  expect_published();
  EXPECT_EQ(events(0).size(), 4U) << "the tail was read: nothing there is sent again";
  EXPECT_EQ(kafka.messages({kReplies, -1}).size(), 1U);
  EXPECT_EQ(kafka.count_by_topic()["ordersaga.commands.v1"], 1);
}

TEST_F(RelayTest, ItsReaderRestsOnceItIsKnownWhereToGoOn) {
  for (int i = 0; i < 2 * kShards; ++i) book.append_event(shard(i % kShards));
  start();
  settle();
  start();  // another one: it finds each shard's last record on the topic
  settle();
  EXPECT_GE(kafka.rests, 2 * kShards);
  EXPECT_FALSE(kafka.reads_ahead) << "it fetches, and keeps, what the relay itself publishes";
}

TEST_F(RelayTest, AReplyTopicThatIsMissingHoldsNothingUp) {
  kafka.missing.insert(kReplies);
  for (int i = 0; i < 5; ++i) book.append_input(shard(0), kReplies);
  book.append_event(shard(0));
  start();
  settle();
  expect_published();
  EXPECT_EQ(relay->counters().dropped_replies, 5U);
  EXPECT_EQ(relay->counters().restarts, 0U);
  EXPECT_EQ(cursors.load(shard(0))->position, Position(6));
}

TEST_F(RelayTest, AMissingCommandTopicIsAFailureAndNotDropped) {
  kafka.missing.insert("ordersaga.commands.v1");
  book.append_request(shard(0), "SKU-1");
  start();
  step(50);
  EXPECT_GT(relay->counters().restarts, 0U);
  EXPECT_FALSE(cursors.load(shard(0)));
  kafka.missing.clear();
  settle();
  EXPECT_EQ(kafka.count_by_topic()["ordersaga.commands.v1"], 1);
}

TEST_F(RelayTest, AFailureIsFollowedByLongerAndLongerPauses) {
  for (std::uint64_t i = 0; i < 100; ++i) kafka.faults[i] = Fault::error;
  book.append_event(shard(0));
  start({.first_retry = 100ms, .last_retry = 400ms});
  step(200);  // two seconds
  EXPECT_GE(relay->counters().restarts, 5U);
  EXPECT_LE(relay->counters().restarts, 8U);  // 100, 200, 400, 400, 400, 400 ms
}

TEST_F(RelayTest, AWipedKafkaIsFilledAgainAndSaidSo) {
  for (int i = 0; i < 20; ++i) book.append_event(shard(0));
  start();
  settle();
  kill();
  kafka.wipe();
  start();
  settle();
  expect_published();
  EXPECT_EQ(relay->counters().losses, 1U);
}

TEST_F(RelayTest, AWipeUnderALiveRelayIsNoticedByTheOffsets) {
  for (int i = 0; i < 20; ++i) book.append_event(shard(0));
  start();
  settle();
  kafka.wipe();
  book.append_event(shard(0));
  settle();
  EXPECT_EQ(relay->counters().restarts, 1U);
  EXPECT_EQ(relay->counters().losses, 1U);
  // The first message after the wipe came from before it was noticed; then all is there, in order.
  const auto& messages = events(0);
  ASSERT_EQ(messages.size(), 22U);
  for (std::size_t i = 1; i < messages.size(); ++i) EXPECT_EQ(place_of(messages[i])->position.value, static_cast<std::int64_t>(i));
}

TEST_F(RelayTest, AClusterOfAnotherIdHasLostEverything) {
  for (int i = 0; i < 5; ++i) book.append_event(shard(0));
  start();
  settle();
  kill();
  kafka.id = "cluster-2";
  start();
  settle();
  EXPECT_EQ(relay->counters().losses, 1U);
  EXPECT_EQ(events(0).size(), 5U) << "the same records are there: nothing to send";
  EXPECT_EQ(cursors.load(shard(0))->cluster_id, "cluster-2");
}

TEST_F(RelayTest, OnlyWhatTheTopicWouldStillKeepIsFilledInAndOldRepliesAreNotSentAgain) {
  for (int i = 0; i < 5; ++i) book.append_event(shard(0));
  clock.pass(24h * 20);
  book.append_input(shard(0), kReplies);
  clock.pass(24h * 15);
  book.append_input(shard(0), kReplies);
  start();
  settle();
  ASSERT_EQ(events(0).size(), 2U);
  EXPECT_EQ(place_of(events(0)[0])->position, Position(6));
  EXPECT_EQ(kafka.messages({kReplies, -1}).size(), 1U);
  EXPECT_EQ(relay->counters().expired, 1U);
}

TEST_F(RelayTest, ATailThatRetentionHasTrimmedIsNoLoss) {
  for (int i = 0; i < 10; ++i) book.append_event(shard(0));
  start();
  settle();
  kill();
  kafka.trim({"ordersaga.events.v1", 0}, 10);
  book.append_event(shard(0));
  start();
  settle();
  EXPECT_EQ(relay->counters().losses, 0U);
  ASSERT_EQ(events(0).size(), 1U);
  EXPECT_EQ(place_of(events(0)[0])->position, Position(11));
}

TEST_F(RelayTest, AnOlderCopyOfTheTopicIsContinuedFromWhereItEnds) {
  for (int i = 0; i < 10; ++i) book.append_event(shard(0));
  start();
  settle();
  kill();
  const std::vector<testing::ConsumedMessage> all = events(0);
  kafka.wipe();
  for (int i = 0; i < 6; ++i) kafka.write({all[i].topic, all[i].partition, all[i].key, all[i].value, all[i].headers});
  start();
  settle();
  expect_published();
  EXPECT_EQ(events(0).size(), 10U);
}

TEST_F(RelayTest, ATailAboveTheHeadHaltsItsShardAndNoOther) {
  book.append_event(shard(0));
  book.append_event(shard(0));
  book.append_event(shard(1));
  const auto stranger = messages_of(book.records(shard(0))[1], Epoch(1), kShards)[0].out;
  LogBook shorter(kShards, clock);
  shorter.append_event(shard(0));
  shorter.append_event(shard(1));
  kafka.write(messages_of(shorter.records(shard(0))[0], Epoch(1), kShards)[0].out);
  kafka.write(stranger);
  relay = std::make_unique<Relay>(shorter.store(), kafka, cursors, clock);
  for (int n = 0; n < kShards; ++n) relay->assign(shard(n));
  settle();
  EXPECT_EQ(relay->counters().halted_shards, 1);
  ASSERT_TRUE(relay->halted().contains(shard(0)));
  EXPECT_NE(relay->halted().at(shard(0)).find("0/2"), std::string::npos) << relay->halted().at(shard(0));
  EXPECT_EQ(events(0).size(), 2U);
  EXPECT_EQ(events(1).size(), 1U);
}

TEST_F(RelayTest, ATailRecordUnlikeTheLogsHaltsItsShard) {
  book.append_event(shard(0));
  book.append_event(shard(0));
  auto changed = messages_of(book.records(shard(0))[1], Epoch(1), kShards)[0].out;
  changed.value = "other bytes";
  kafka.write(messages_of(book.records(shard(0))[0], Epoch(1), kShards)[0].out);
  kafka.write(changed);
  start();
  settle();
  EXPECT_TRUE(relay->halted().contains(shard(0)));
  EXPECT_EQ(events(0).size(), 2U);
  relay->revoke(shard(0));
  EXPECT_EQ(relay->counters().halted_shards, 0);
}

TEST_F(RelayTest, AnOperatorHasAShardPublishedOnceMoreFromAPosition) {
  for (int i = 0; i < 10; ++i) book.append_event(shard(0));
  book.append_event(shard(1));
  start();
  settle();
  cursors.request_republish(shard(0), Position(4));
  clock.pass(2s);
  step();
  EXPECT_EQ(cursors.load(shard(0)), (Cursor{shard(0), Epoch(1), Position(3), kSendAgain, "cluster-1"}));
  kill();  // the request outlives who took it
  start();
  settle();
  expect_published();
  ASSERT_EQ(events(0).size(), 17U);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(place_of(events(0)[static_cast<std::size_t>(10 + i)])->position, Position(4 + i));
  EXPECT_EQ(events(1).size(), 1U);
  EXPECT_EQ(cursors.load(shard(0)), (Cursor{shard(0), Epoch(1), Position(10), 16, "cluster-1"}));
}

TEST_F(RelayTest, AWipedKafkaIsFilledBeyondItsRetentionWhenAnOperatorAsks) {
  for (int i = 0; i < 5; ++i) book.append_event(shard(0));
  clock.pass(24h * 40);
  book.append_event(shard(0));
  start();
  settle();
  kafka.wipe();
  kill();
  start();
  settle();
  ASSERT_EQ(events(0).size(), 1U) << "what the topic would still keep";
  cursors.request_republish(shard(0), Position(1));
  settle();
  EXPECT_EQ(relay->counters().republished, 1U);
  ASSERT_EQ(events(0).size(), 7U);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(place_of(events(0)[static_cast<std::size_t>(1 + i)])->position, Position(1 + i));
}

TEST_F(RelayTest, AHaltIsShownToOperatorsUntilTheShardRunsAgain) {
  book.append_event(shard(0));
  auto changed = messages_of(book.records(shard(0))[0], Epoch(1), kShards)[0].out;
  changed.value = "other bytes";
  kafka.write(changed);
  start();
  settle();
  ASSERT_TRUE(cursors.halts().contains(shard(0)));
  EXPECT_EQ(cursors.halts().at(shard(0)), relay->halted().at(shard(0)));
  cursors.request_republish(shard(0), Position(1));
  settle();
  EXPECT_EQ(events(0).size(), 1U) << "what is halted is not published by asking";
  kill();
  kafka.wipe();
  start();
  settle();
  EXPECT_TRUE(cursors.halts().empty());
}

TEST_F(RelayTest, ARecordThatCannotBeReadHaltsItsShardAfterWhatIsBeforeIt) {
  book.append_event(shard(0));
  book.append({shard(0), "", Version(0), events::TypeNumber(32'000), "?", ""});
  book.append_event(shard(0));
  book.append_event(shard(1));
  start();
  settle();
  EXPECT_TRUE(relay->halted().contains(shard(0)));
  EXPECT_EQ(events(0).size(), 1U);
  EXPECT_EQ(events(1).size(), 1U);
  EXPECT_EQ(cursors.load(shard(0))->position, Position(1));
}

TEST_F(RelayTest, AForeignMessageOnTheTopicIsPassedOver) {
  kafka.write({"ordersaga.events.v1", 0, "k", "from somebody else", {}});
  book.append_event(shard(0));
  start();
  settle();
  EXPECT_TRUE(relay->halted().empty());
  EXPECT_EQ(events(0).size(), 2U);
}

TEST_F(RelayTest, ARevokedShardIsLeftAloneAndContinuedByWhoGetsIt) {
  for (int i = 0; i < 6; ++i) book.append_event(shard(0));
  start();
  settle();
  relay->revoke(shard(0));
  book.append_event(shard(0));
  step(10);
  EXPECT_EQ(events(0).size(), 6U);
  Relay peer(book.store(), kafka, cursors, clock);
  peer.assign(shard(0));
  for (int i = 0; i < 10; ++i) {
    clock.pass(10ms);
    peer.step(1ms);
  }
  EXPECT_EQ(events(0).size(), 7U);
}

TEST_F(RelayTest, WhatIsInFlightIsBounded) {
  for (int i = 0; i < 1'000; ++i) book.append_event(shard(0));
  kafka.per_poll = 1;
  start({.max_in_flight = 40, .read_limit = 10});
  for (int i = 0; i < 100; ++i) {
    step();
    ASSERT_LE(relay->counters().in_flight, 50);
  }
  kafka.per_poll = 100;
  settle();
  expect_published();
}

TEST_F(RelayTest, WhatIsHeldIsBoundedInBytesEvenByTheRead) {
  constexpr std::size_t kLimit = 4 << 20;
  for (int i = 0; i < 60; ++i) book.append_event(shard(i % kShards), 300'000);
  kafka.per_poll = 1;
  start({.max_in_flight_bytes = kLimit});
  std::size_t most = 0;
  for (int i = 0; i < 100; ++i) {
    step();
    most = std::max(most, relay->held_bytes());
    ASSERT_LE(most, kLimit);
  }
  EXPECT_GT(most, kLimit / 2);
  kafka.per_poll = 100;
  settle();
  expect_published();
}

TEST_F(RelayTest, AReplyThatIsNotConfirmedHoldsTheReadingBackInTheEnd) {
  book.append_input(shard(0), kReplies);
  for (int i = 0; i < 1'000; ++i) book.append_event(shard(0));
  kafka.replies_per_poll = 0;
  kafka.per_poll = 100;
  start({.max_in_flight = 40, .read_limit = 10});
  step(200);
  EXPECT_LE(events(0).size(), 40U) << "else what is remembered grows for ever";
  kafka.replies_per_poll = 1;
  settle();
  expect_published();
}

TEST_F(RelayTest, AFullQueueOfTheProducerIsWaitedFor) {
  for (int i = 0; i < 100; ++i) book.append_event(shard(i % kShards));
  kafka.queue_limit = 2;
  start();
  settle();
  expect_published();
}

TEST_F(RelayTest, ASilentKafkaIsTheCallersToHandleAndNothingIsLost) {
  book.append_event(shard(0));
  kafka.silent = true;
  start();
  EXPECT_THROW(step(), runtime::kafka::KafkaError);
  EXPECT_THROW(step(), runtime::kafka::KafkaError);
  kafka.silent = false;
  settle();
  expect_published();
}

TEST_F(RelayTest, TheBacklogAndItsAgeAreMeasured) {
  start();
  settle();
  kafka.per_poll = 0;
  for (int i = 0; i < 4; ++i) book.append_event(shard(0));
  clock.pass(5s);
  step(200);
  EXPECT_EQ(relay->counters().backlog, 4);
  EXPECT_GE(relay->counters().oldest_age_millis, 5'000);
}

// Any mixture of failures, kills and late arrivals: the promise holds at every moment, and all is published in the end.
TEST_F(RelayTest, WhateverFailsFirstOccurrencesAreInOrderWithoutAGap) {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    ManualClock time;
    LogBook log(kShards, time);
    FakeKafka bus;
    MemoryCursorStore saved;
    bus.per_poll = 1 + random() % 5;
    bus.replies_per_poll = 1 + random() % 5;
    bus.queue_limit = 1 + random() % 30;
    const unsigned fault_percent = random() % 15;
    for (std::uint64_t i = 0; i < 2'000; ++i)
      if (chance(fault_percent)) bus.faults[i] = static_cast<Fault>(1 + random() % 3);
    auto make = [&] {
      auto made =
          std::make_unique<Relay>(log.store(), bus, saved, time,
                                  RelayOptions{.max_in_flight = 1 + random() % 40, .read_limit = 1 + random() % 10, .save_every = 30ms});
      for (int n = 0; n < kShards; ++n) made->assign(shard(n));
      return made;
    };
    auto live = make();
    int requests = 0;
    int replies = 0;
    for (int i = 0; i < 300; ++i) {
      if (chance(40)) {
        const Shard where = shard(static_cast<int>(random() % kShards));
        switch (random() % 4) {
          case 0:
            log.append_input(where, kReplies), ++replies;
            break;
          case 1:
            log.append_request(where, "SKU-1"), ++requests;
            break;
          default:
            log.append_event(where);
        }
      }
      if (chance(3)) live = make();  // killed and started again
      if (chance(3)) bus.deliver_late(1 + random() % 5);
      if (chance(3)) {
        const Shard moved = shard(static_cast<int>(random() % kShards));
        live->revoke(moved);
        live->assign(moved);
      }
      time.pass(10ms);
      live->step(1ms);
    }
    bus.faults.clear();
    for (int i = 0; i < 3'000; ++i) {
      time.pass(20ms);
      live->step(1ms);
    }
    bus.deliver_late(1'000'000);
    for (int n = 0; n < kShards; ++n) {
      std::int64_t next = 1;
      for (const auto& m : bus.messages({"ordersaga.events.v1", n})) {
        const std::int64_t position = place_of(m)->position.value;
        ASSERT_LE(position, next) << "a gap in shard " << n;
        if (position == next) ++next;
      }
      ASSERT_EQ(next - 1, log.head(shard(n)).value) << "shard " << n;
    }
    std::set<std::string_view> reply_ids;
    for (const auto& m : bus.messages({kReplies, -1})) reply_ids.insert(*m.header(headers::kId));
    ASSERT_EQ(static_cast<int>(reply_ids.size()), replies);
    std::set<std::string_view> request_ids;
    for (const auto& m : bus.messages({"ordersaga.commands.v1", shard_of("SKU-1", kShards).value}))
      request_ids.insert(*m.header(headers::kId));
    ASSERT_EQ(static_cast<int>(request_ids.size()), requests);
  }
}

}  // namespace
}  // namespace ordersaga::relay::testing
