// An input that ends the process each time is found by the next ones, and parked.
#include "tests/consumers/lane_fixture.h"

namespace ordersaga::consumers {
namespace {

// Not an exception that anybody handles: the process is gone.
struct ProcessEnds {};

class LaneCare : public LaneFixture {
 protected:
  LaneCare() {
    before_write_ = [this](const events::TurnWrite& w) {
      ++writes_;
      for (const events::NewRecord& r : w.records)
        if (r.stream == "order-" + deadly_) throw ProcessEnds{};
    };
  }
  // One life: all commands are delivered again, as Kafka does while no offset was committed. True: it lived through them.
  bool live(const std::vector<ConsumedMessage>& messages) {
    if (lives_ == 0) a_->lane.give_back();
    settings_.care.owner = "life-" + std::to_string(++lives_);
    a_.reset();
    a_ = start();
    for (const ConsumedMessage& m : messages) a_->lane.offer(m);
    try {
      a_->run();
      return true;
    } catch (const ProcessEnds&) {
      return false;
    }
  }
  std::vector<ConsumedMessage> orders(int n) {
    std::vector<ConsumedMessage> out;
    for (int i = 0; i < n; ++i) {
      std::string id = "o" + std::to_string(i);
      out.push_back(message(id, place(id), "place-" + id));
    }
    return out;
  }

  std::string deadly_ = "none";
  int lives_ = 0;
  int writes_ = 0;
};

TEST_F(LaneCare, WhatEndsTheProcessWheneverItIsDecidedIsParkedAndTheOthersGetTheirAnswers) {
  receive("SKU-1", 1'000);
  deadly_ = "o7";
  auto messages = orders(20);
  EXPECT_FALSE(live(messages)) << "an ordinary turn";
  EXPECT_FALSE(live(messages)) << "alone, the first time";
  EXPECT_FALSE(live(messages)) << "alone, the second time";
  EXPECT_TRUE(live(messages));
  EXPECT_EQ(count("OrderPlaced"), 19);
  EXPECT_EQ(inputs("place-o7").at(0).outcome(), common_v1::OUTCOME_FAILED);
  EXPECT_EQ(a_->handled.size(), 20U);
  auto dead = std::ranges::find_if(a_->handled, [](const Handled& h) { return !h.first.empty(); });
  ASSERT_NE(dead, a_->handled.end());
  EXPECT_EQ(dead->first[0].topic, topics::kCommandsDlq);
  EXPECT_TRUE(live(messages)) << "and it never comes back";
}

TEST_F(LaneCare, ADeadlyInputFarBackInItsShardIsFoundInTheEnd) {
  settings_.care.first_inputs = 2;
  receive("SKU-1", 1'000);
  auto messages = orders(60);
  deadly_ = "o59";
  int lives = 1;
  while (!live(messages)) ASSERT_LT(++lives, 8);
  EXPECT_EQ(count("OrderPlaced"), 59);
}

TEST_F(LaneCare, ACleanHandOverCostsTheNextOwnerNothing) {
  receive("SKU-1", 1'000);
  auto messages = orders(20);
  writes_ = 0;
  EXPECT_TRUE(live(messages));
  EXPECT_LE(writes_, 2);
}

TEST_F(LaneCare, AfterAnUncleanExitWhatWasDecidedBeforeIsSortedOutInBulk) {
  receive("SKU-1", 1);  // so that they are refused, and no calls are outstanding
  auto messages = orders(200);
  EXPECT_TRUE(live(messages));
  writes_ = 0;
  EXPECT_TRUE(live(messages));
  EXPECT_LE(writes_, 5) << "redelivered commands are not decided, so they cannot end the process";
}

TEST_F(LaneCare, ItEndsAfterSomeInputs) {
  settings_.care.first_inputs = 3;
  receive("SKU-1", 10'000);
  EXPECT_TRUE(live({}));
  auto messages = orders(200);
  writes_ = 0;
  EXPECT_TRUE(live(messages));
  EXPECT_LE(writes_, 4 * 3 + 5);
  EXPECT_EQ(count("OrderPlaced"), 200);
}

TEST_F(LaneCare, AStoreThatFailsInBetweenIsNoEndOfTheProcess) {
  receive("SKU-1", 1'000);
  EXPECT_TRUE(live({}));
  auto messages = orders(3);
  EXPECT_TRUE(live({})) << "and the next life is careful";
  int begins = 0;
  before_begin_ = [&](std::span<const Shard>) {
    if (++begins % 4 != 0) throw events::StoreUnavailable("gone");
  };
  for (const ConsumedMessage& m : messages) a_->lane.offer(m);
  a_->run(1000);
  EXPECT_EQ(count("OrderPlaced"), 3);
  EXPECT_EQ(a_->lane.counters().parked, 0U);
}

}  // namespace
}  // namespace ordersaga::consumers
