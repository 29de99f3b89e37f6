#include "tools/demo/scoreboard.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ordersaga::demo {
namespace {

common::v1::CommandReply reply_of(common::v1::Outcome outcome, std::string_view code = "") {
  common::v1::CommandReply reply;
  reply.set_outcome(outcome);
  if (!code.empty()) reply.mutable_error()->set_code(std::string(code));
  return reply;
}

class ScoreboardTest : public testing::Test {
 protected:
  Plan plan = make_plan("r", 100);
  Scoreboard board{plan};

  const std::string& id(std::size_t order) const { return plan.orders[order].command.order_id(); }
  const Kind& kind(std::size_t order) const { return kKinds[plan.orders[order].kind]; }
  void end_as_planned(std::size_t order) {
    board.note_end(id(order), kind(order).end, kind(order).code);
    board.note_reply(id(order), reply_of(expected_reply(kind(order)), kind(order).code));
  }
  std::size_t first_that_ends(End end) const {
    std::size_t order = 0;
    while (kind(order).end != end) ++order;
    return order;
  }
};

TEST_F(ScoreboardTest, IsCompleteAndAsPlannedWhenEveryOrderEndedAsItMust) {
  for (std::size_t i = 0; i < plan.orders.size(); ++i) {
    EXPECT_FALSE(board.complete());
    end_as_planned(i);
  }
  EXPECT_TRUE(board.complete());
  EXPECT_TRUE(board.as_planned());
  EXPECT_TRUE(nlohmann::json::parse(board.json())["as_planned"].get<bool>());
}

TEST_F(ScoreboardTest, OneOrderWithoutAnEndIsADeviation) {
  for (std::size_t i = 1; i < plan.orders.size(); ++i) end_as_planned(i);
  EXPECT_FALSE(board.complete());
  EXPECT_FALSE(board.as_planned());
  EXPECT_NE(board.deviation(0), "");
}

TEST_F(ScoreboardTest, AnEndWithoutAnAnswerIsADeviation) {
  for (std::size_t i = 0; i < plan.orders.size(); ++i)
    if (i != 5) end_as_planned(i);
  board.note_end(id(5), kind(5).end, kind(5).code);
  EXPECT_FALSE(board.complete());
  EXPECT_EQ(board.deviation(5), "its sender got no answer");
}

TEST_F(ScoreboardTest, AnotherEndThanPlannedIsADeviationThatNamesBoth) {
  const std::size_t order = first_that_ends(End::completed);
  board.note_end(id(order), End::rejected, "PAYMENT_DECLINED");
  EXPECT_EQ(board.deviation(order), "is REJECTED PAYMENT_DECLINED, should be COMPLETED");
  EXPECT_NE(board.table().find(id(order)), std::string::npos);
}

TEST_F(ScoreboardTest, ARejectionForAnotherReasonIsADeviation) {
  const std::size_t order = first_that_ends(End::rejected);
  board.note_end(id(order), End::rejected, "DEPENDENCY_TIMEOUT");
  EXPECT_NE(board.deviation(order), "");
}

TEST_F(ScoreboardTest, AWrongAnswerIsADeviation) {
  const std::size_t order = first_that_ends(End::completed);
  board.note_end(id(order), End::completed, "");
  board.note_reply(id(order), reply_of(common::v1::OUTCOME_FAILED));
  EXPECT_NE(board.deviation(order), "");
}

TEST_F(ScoreboardTest, RepetitionsCountOnceAndContradictionsAreDeviations) {
  end_as_planned(0);
  end_as_planned(0);
  EXPECT_EQ(board.ended(), 1U);
  EXPECT_EQ(board.replied(), 1U);
  EXPECT_EQ(board.deviation(0), "");
  board.note_end(id(0), End::cancelled, "");
  EXPECT_NE(board.deviation(0), "");
}

TEST_F(ScoreboardTest, OtherPeoplesOrdersAreIgnored) {
  board.note_end("somebody-elses", End::completed, "");
  board.note_reply("somebody-elses", reply_of(common::v1::OUTCOME_SUCCEEDED));
  EXPECT_EQ(board.ended(), 0U);
  EXPECT_EQ(board.replied(), 0U);
}

}  // namespace
}  // namespace ordersaga::demo
