// The relay in a process that appends to the log as well, beside others that do.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "outbox-relay/recent_tail.h"
#include "tests/outbox-relay/relay_fixture.h"

namespace ordersaga::relay::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

class RelayMemoryTest : public RelayTest {
 protected:
  void start_beside(RelayOptions options = {}) {
    kill();
    tail = std::make_unique<RecentTail>(recent, in_store, clock);
    relay = std::make_unique<Relay>(book.store(), kafka, cursors, clock, options, tail.get());
    for (int n = 0; n < kShards; ++n) relay->assign(shard(n));
  }
  // A commit of this process.
  void append_here(int n) {
    book.hands_over = &recent;
    book.append_event(shard(n));
    book.hands_over = nullptr;
    if (relay) relay->wake();
  }
  void append_elsewhere(int n) { book.append_event(shard(n)); }

  ~RelayMemoryTest() override { kill(); }

  events::RecentRecords recent{1 << 20};
  StoreTail in_store{book.store()};
  std::unique_ptr<RecentTail> tail;
};

TEST_F(RelayMemoryTest, WhatItsProcessAppendsIsNotReadFromTheStore) {
  for (int i = 0; i < 10; ++i) append_here(i % kShards);  // nobody follows yet
  start_beside();
  settle();
  EXPECT_EQ(relay->counters().from_store, 10U);
  for (int i = 0; i < 100; ++i) {
    append_here(i % kShards);
    step();
  }
  settle();
  expect_published();
  EXPECT_EQ(relay->counters().from_store, 10U);
  EXPECT_EQ(relay->counters().from_memory, 100U);
  EXPECT_EQ(recent.bytes(), 0U);
}

TEST_F(RelayMemoryTest, WhatOthersAppendIsFoundInTheMiddleOfOurs) {
  start_beside();
  settle();
  for (int i = 0; i < 50; ++i) {
    append_here(0);
    append_elsewhere(1);
    if (i % 10 == 0) append_elsewhere(0);  // before the shard comes back to us
    // A commit of another's between ours is published as soon as the next of ours; in a shard of its own, when it is time to look.
    step(6);
    EXPECT_GE(events(1).size(), static_cast<std::size_t>(i));
  }
  settle();
  expect_published();
  EXPECT_GE(relay->counters().from_memory, 40U);
  EXPECT_EQ(events(0).size(), 55U);
  EXPECT_EQ(events(1).size(), 50U);
}

TEST_F(RelayMemoryTest, AShardThatAnotherProcessTakesOverIsStillPublished) {
  start_beside();
  settle();
  append_here(0);
  settle();
  const Shard lost = shard(0);
  recent.drop({&lost, 1});  // as the lane does
  append_elsewhere(0);
  step(6);
  EXPECT_EQ(events(0).size(), 2U);
  // Or nobody said so.
  append_here(0);
  settle();
  append_elsewhere(0);
  clock.pass(RecentTail::kTrust);
  step(6);
  EXPECT_EQ(events(0).size(), 4U);
}

TEST_F(RelayMemoryTest, RecordsOfALifeOfTheLogThatIsOverAreNotPublishedInTheNextOne) {
  start_beside();
  for (int i = 0; i < 3; ++i) append_elsewhere(0);
  settle();
  ASSERT_EQ(events(0).size(), 3U);
  // A lane's last commit is lost by a failover, and it hands it over late: the relay knows of the new epoch already.
  events::NewRecord undone = streamless(shard(0), order::v1::OrderPlaced(), "k");
  const Position fourth(4);
  book.begin_epoch(shard(0), Position(3));
  clock.pass(2s);
  settle();
  recent.add(Epoch(1), {&undone, 1}, {&fourth, 1}, clock.now());
  relay->wake();
  settle();
  EXPECT_EQ(events(0).size(), 3U);
  append_here(0);
  settle();
  expect_published();
  EXPECT_EQ(events(0).size(), 4U);
  EXPECT_EQ(place_of(events(0).back())->epoch, Epoch(2));
}

TEST_F(RelayMemoryTest, AShardThatHaltsOrIsTakenAwayHoldsNoMemory) {
  start_beside();
  settle();
  relay->revoke(shard(1));
  append_here(1);
  EXPECT_EQ(recent.bytes(), 0U);
  book.append({shard(0), "", Version(0), events::TypeNumber(32'000), "?", ""});
  append_here(0);
  settle();
  ASSERT_TRUE(relay->halted().contains(shard(0)));
  append_here(0);
  EXPECT_EQ(recent.bytes(), 0U);
  append_here(2);
  settle();
  EXPECT_EQ(events(2).size(), 1U) << "the others go on";
}

// Two processes that append, shards that go to and fro between them, failures, kills, and a memory that is often too small.
TEST_F(RelayMemoryTest, WhoeverAppendsAndWhateverFailsNothingIsLostOrOutOfOrder) {
  std::uint64_t from_memory = 0;
  std::uint64_t from_store = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    ManualClock time;
    LogBook log(kShards, time);
    FakeKafka bus;
    MemoryCursorStore saved;
    events::RecentRecords memory(random() % 8'000);
    StoreTail below(log.store());
    bus.per_poll = 1 + random() % 20;
    bus.queue_limit = 1 + random() % 30;
    const bool fails = chance(50);
    for (std::uint64_t i = 0; i < 2'000; ++i)
      if (fails && chance(3)) bus.faults[i] = static_cast<Fault>(1 + random() % 3);
    std::unique_ptr<RecentTail> above;
    std::unique_ptr<Relay> live;
    const auto make = [&] {
      live.reset();
      above = std::make_unique<RecentTail>(memory, below, time);
      live = std::make_unique<Relay>(log.store(), bus, saved, time,
                                     RelayOptions{.max_in_flight = 1 + random() % 60, .read_limit = 1 + random() % 20, .save_every = 30ms},
                                     above.get());
      for (int n = 0; n < kShards; ++n) live->assign(shard(n));
    };
    make();
    std::array<bool, kShards> ours{};
    for (int i = 0; i < 300; ++i) {
      if (chance(5)) ours[random() % kShards] ^= true;
      for (std::size_t n = 0; n < kShards; ++n) {
        if (!chance(30)) continue;
        log.hands_over = ours[n] ? &memory : nullptr;
        for (unsigned j = random() % 6; j-- > 0;) log.append_event(shard(static_cast<int>(n)));
        if (ours[n] && chance(90)) live->wake();
      }
      if (fails && chance(1)) make();
      if (fails && chance(3)) bus.deliver_late(1 + random() % 5);
      const Shard some = shard(static_cast<int>(random() % kShards));
      if (chance(2)) memory.drop({&some, 1});
      if (fails && chance(2)) live->revoke(some), live->assign(some);
      time.pass(microseconds(random() % 20'000));
      live->step(1ms);
    }
    bus.faults.clear();
    for (int i = 0; i < 600; ++i) {
      time.pass(20ms);
      live->step(1ms);
    }
    bus.deliver_late(1'000'000);
    for (int n = 0; n < kShards; ++n) {
      const std::vector<events::RecordedEvent> records = log.records(shard(n));
      std::int64_t next = 1;
      for (const auto& m : bus.messages({"ordersaga.events.v1", n})) {
        const std::int64_t position = place_of(m)->position.value;
        ASSERT_LE(position, next) << "a gap in shard " << n;
        ASSERT_TRUE(is_same(m, records.at(static_cast<std::size_t>(position - 1))));
        ASSERT_TRUE(fails || position == next) << "twice in shard " << n;
        if (position == next) ++next;
      }
      ASSERT_EQ(next - 1, log.head(shard(n)).value) << "shard " << n;
    }
    from_memory += live->counters().from_memory;
    from_store += live->counters().from_store;
  }
  EXPECT_GT(from_memory, 1'000U);
  EXPECT_GT(from_store, 1'000U);
}

}  // namespace
}  // namespace ordersaga::relay::testing
