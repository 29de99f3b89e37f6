// The relay after the log was taken back in time (docs/decisions/0010-where-two-lives-of-the-log-part.md).
#include <gtest/gtest.h>

#include <algorithm>

#include "schemas/headers.h"
#include "tests/outbox-relay/relay_fixture.h"

namespace ordersaga::relay::testing {
namespace {

using namespace std::chrono_literals;

class RelayEpochTest : public RelayTest {
 protected:
  void append(int count) {
    for (int i = 0; i < count; ++i) book.append_event(shard(0));
  }
  // "position/epoch" of each message of shard 0 from the offset on.
  std::vector<std::string> places(std::size_t from) {
    std::vector<std::string> found;
    for (std::size_t i = from; i < events(0).size(); ++i) {
      const Place place = place_of(events(0)[i]).value();
      found.push_back(std::to_string(place.position.value) + "/" + std::to_string(place.epoch.value));
    }
    return found;
  }
};

using Places = std::vector<std::string>;

TEST_F(RelayEpochTest, AllAboveTheStartIsPublishedInTheNewEpochEvenWhatTheTopicHoldsAlready) {
  append(4);
  start();
  settle();
  const MemoryCursorStore backup = cursors;
  append(6);
  book.append_event(shard(1));
  settle();
  ASSERT_EQ(events(0).size(), 10U);
  kill();
  // The backup takes log and cursors back; work goes on before anybody has looked: 5 and 6 are as they were, 7 to 9 are not.
  book.take_back(shard(0), Position(6));
  cursors = backup;
  append(3);
  start();
  settle();
  ASSERT_TRUE(relay->halted().contains(shard(0))) << "the topic says something else";
  EXPECT_EQ(events(0).size(), 10U);
  book.begin_epoch(shard(0), Position(4));
  clock.pass(2s);
  settle();
  EXPECT_TRUE(relay->halted().empty());
  EXPECT_EQ(places(10), (Places{"5/2", "6/2", "7/2", "8/2", "9/2"}));
  EXPECT_EQ(events(1).size(), 1U) << "the other shards go on";
  EXPECT_EQ(relay->counters().losses, 0U);
  EXPECT_EQ(cursors.load(shard(0))->epoch, Epoch(2));
  EXPECT_EQ(cursors.load(shard(0))->position, Position(9));
  // Without the cursor that was saved since, the topic alone says what is published.
  kill();
  cursors = backup;
  append(1);
  start();
  settle();
  EXPECT_EQ(places(15), Places{"10/2"});
  EXPECT_EQ(relay->counters().losses, 0U);
}

TEST_F(RelayEpochTest, ACursorAboveTheStartGoesBackToItAndIsNoLossOfKafkas) {
  append(10);
  start();
  settle();
  kill();
  book.take_back(shard(0), Position(7));
  append(1);
  book.begin_epoch(shard(0), Position(6));
  start();
  settle();
  EXPECT_EQ(places(10), (Places{"7/2", "8/2"}));
  EXPECT_EQ(relay->counters().losses, 0U);
  EXPECT_TRUE(relay->halted().empty());
  EXPECT_EQ(cursors.load(shard(0))->position, Position(8));
  // The log may be at the start, with nothing above it.
  kill();
  book.take_back(shard(0), Position(7));
  book.begin_epoch(shard(0), Position(7));
  start();
  settle();
  append(1);
  settle();
  EXPECT_EQ(places(12), Places{"8/3"});
  EXPECT_EQ(relay->counters().losses, 0U);
}

TEST_F(RelayEpochTest, AKafkaThatIsEmptyTooIsFilledWithBothLives) {
  append(5);
  start();
  settle();
  kill();
  book.take_back(shard(0), Position(4));
  append(2);
  book.begin_epoch(shard(0), Position(3));
  kafka.wipe();
  start();
  settle();
  EXPECT_EQ(places(0), (Places{"1/1", "2/1", "3/1", "4/2", "5/2", "6/2"}));
  EXPECT_EQ(relay->counters().losses, 1U);
}

TEST_F(RelayEpochTest, WhatIsPublishedOnceMoreHasTheEpochAndTheIdsThatItHad) {
  book.append_request(shard(0), "SKU-1");
  append(1);
  start();
  settle();
  book.begin_epoch(shard(0), Position(2));
  clock.pass(2s);
  settle();
  cursors.request_republish(shard(0), Position(1));
  clock.pass(2s);
  settle();
  append(1);
  settle();
  EXPECT_EQ(places(0), (Places{"1/1", "2/1", "1/1", "2/1", "3/2"}));
  std::vector<std::string> ids;
  for (int n = 0; n < kShards; ++n)
    for (const ConsumedMessage& m : kafka.messages({std::string(topics::kCommands), n})) ids.emplace_back(m.header(headers::kId).value());
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_EQ(ids[0], ids[1]) << "or the neighbour would do it twice";
}

TEST_F(RelayEpochTest, AStartBelowWhichTopicAndLogDifferHaltsTheShard) {
  append(3);
  start();
  settle();
  kill();
  book.take_back(shard(0), Position(1));
  append(2);
  book.begin_epoch(shard(0), Position(2));
  cursors = MemoryCursorStore();
  start();
  settle();
  ASSERT_TRUE(relay->halted().contains(shard(0)));
  EXPECT_NE(relay->halted().at(shard(0)).find("position 0/2 in epoch 1, which is another record"), std::string::npos)
      << relay->halted().at(shard(0));
  EXPECT_EQ(events(0).size(), 3U);
}

TEST_F(RelayEpochTest, ANewEpochUnderALiveRelayIsTakenUp) {
  append(1);
  start();
  settle();
  book.begin_epoch(shard(0), Position(1));
  clock.pass(2s);
  step();
  append(1);
  settle();
  EXPECT_EQ(places(0), (Places{"1/1", "2/2"}));
  EXPECT_EQ(cursors.load(shard(0))->epoch, Epoch(2));
}

}  // namespace
}  // namespace ordersaga::relay::testing
