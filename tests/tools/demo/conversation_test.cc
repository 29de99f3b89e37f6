#include "tools/demo/conversation.h"

#include <gtest/gtest.h>

#include <deque>

#include "ordersaga/order/v1/events.pb.h"
#include "schemas/headers.h"

namespace ordersaga::demo {
namespace {

using runtime::kafka::ConsumedMessage;
using runtime::kafka::Delivery;
using runtime::kafka::OutgoingMessage;

constexpr std::string_view kReplyTopic = "ordersaga.replies.demo.v1";

class SteppingClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return {}; }
  std::chrono::microseconds steady() const override { return time_ += std::chrono::milliseconds(10); }

 private:
  mutable std::chrono::microseconds time_{0};
};

// A system that answers each command by `answer`, over both ports at once.
class FakeSystem final : public runtime::kafka::Producer, public runtime::kafka::Consumer {
 public:
  std::function<std::vector<ConsumedMessage>(const OutgoingMessage&)> answer;
  std::vector<OutgoingMessage> commands;
  std::string delivery_error;

  bool produce(const OutgoingMessage& message, std::uint64_t token) override {
    commands.push_back(message);
    deliveries_.push_back({.token = token, .error = delivery_error});
    for (ConsumedMessage& m : answer(message)) inbound_.push_back(std::move(m));
    return true;
  }
  void poll(std::chrono::milliseconds, std::vector<Delivery>& out) override {
    out.insert(out.end(), deliveries_.begin(), deliveries_.end());
    deliveries_.clear();
  }
  std::size_t in_flight() const override { return deliveries_.size(); }

  runtime::kafka::Polled poll(std::size_t max, std::chrono::milliseconds) override {
    runtime::kafka::Polled polled;
    while (polled.messages.size() < max && !inbound_.empty()) {
      polled.messages.push_back(std::move(inbound_.front()));
      inbound_.pop_front();
    }
    return polled;
  }
  void commit(std::string_view, std::int32_t, std::int64_t) override {}
  void pause(std::string_view, std::int32_t) override {}
  void resume(std::string_view, std::int32_t) override {}
  void seek(std::string_view, std::int32_t, std::int64_t) override {}

 private:
  std::vector<Delivery> deliveries_;
  std::deque<ConsumedMessage> inbound_;
};

std::string header_of(const OutgoingMessage& message, std::string_view name) {
  for (const auto& header : message.headers)
    if (header.name == name) return header.value;
  return "";
}

ConsumedMessage reply_to(const OutgoingMessage& command, common::v1::Outcome outcome, std::string_view code = "") {
  common::v1::CommandReply reply;
  reply.set_command_id(header_of(command, headers::kId));
  reply.set_outcome(outcome);
  if (!code.empty()) reply.mutable_error()->set_code(std::string(code));
  ConsumedMessage message;
  message.topic = header_of(command, headers::kReplyTo);
  message.key = command.key;
  message.value = reply.SerializeAsString();
  return message;
}

template <class Event>
ConsumedMessage event_of(const OutgoingMessage& command, const Event& event) {
  ConsumedMessage message;
  message.topic = std::string(topics::kEvents);
  message.key = command.key;
  message.value = event.SerializeAsString();
  message.headers = {{std::string(headers::kType), event.GetTypeName()}};
  return message;
}

// What a system without a fault says to a PlaceOrder.
std::vector<ConsumedMessage> proper_answer(const Plan& plan, const OutgoingMessage& command) {
  for (const PlannedOrder& order : plan.orders) {
    if (order.command.order_id() != command.key) continue;
    const Kind& kind = kKinds[order.kind];
    if (kind.end == End::completed)
      return {reply_to(command, common::v1::OUTCOME_SUCCEEDED), event_of(command, order::v1::OrderPlaced()),
              event_of(command, order::v1::OrderCompleted())};
    order::v1::OrderRejected rejected;
    rejected.set_code(std::string(kind.code));
    return {event_of(command, rejected), reply_to(command, common::v1::OUTCOME_REJECTED, kind.code)};
  }
  return {};
}

class ConversationTest : public testing::Test {
 protected:
  SteppingClock clock;
  FakeSystem system;
  Plan plan = make_plan("r", 60);
  Conversation conversation{system, system, clock, std::string(kReplyTopic)};
  std::stop_source stop;
  const std::chrono::seconds limit{5};

  Ending place(Scoreboard& board) {
    return conversation.place_orders(plan, board, limit, stop.get_token(), [](const Progress&) {});
  }
};

TEST_F(ConversationTest, OrdersThatEndAsTheyMustMakeTheBoardComplete) {
  system.answer = [&](const OutgoingMessage& command) { return proper_answer(plan, command); };
  Scoreboard board(plan);
  EXPECT_TRUE(place(board).done);
  EXPECT_TRUE(board.as_planned()) << board.table();
}

TEST_F(ConversationTest, AnOrderWhoseEndIsNeverPublishedIsWaitedForUntilTheLimitAndNamed) {
  system.answer = [&](const OutgoingMessage& command) {
    return command.key == plan.orders[3].command.order_id() ? std::vector<ConsumedMessage>{} : proper_answer(plan, command);
  };
  Scoreboard board(plan);
  const Ending ending = place(board);
  EXPECT_FALSE(ending.done);
  EXPECT_EQ(ending.waited_for, "the ends of 1 and the answers to 1 of 60 orders");
}

TEST_F(ConversationTest, AStopEndsTheWait) {
  system.answer = [](const OutgoingMessage&) { return std::vector<ConsumedMessage>{}; };
  stop.request_stop();
  Scoreboard board(plan);
  EXPECT_FALSE(place(board).done);
}

TEST_F(ConversationTest, CommandsCarryWhatTheOrchestratorNeeds) {
  system.answer = [&](const OutgoingMessage& command) { return proper_answer(plan, command); };
  Scoreboard board(plan);
  place(board);
  ASSERT_EQ(system.commands.size(), 60U);
  const OutgoingMessage& first = system.commands.front();
  EXPECT_EQ(first.topic, topics::kCommands);
  EXPECT_EQ(first.key, plan.orders[0].command.order_id());
  EXPECT_EQ(first.partition, -1);
  EXPECT_EQ(header_of(first, headers::kType), "ordersaga.order.v1.PlaceOrder");
  EXPECT_EQ(header_of(first, headers::kReplyTo), kReplyTopic);
  EXPECT_EQ(header_of(first, headers::kReplyWhen), "completed");
  EXPECT_EQ(header_of(first, headers::kContentType), "application/protobuf");
  order::v1::PlaceOrder sent;
  ASSERT_TRUE(sent.ParseFromString(first.value));
  EXPECT_EQ(sent.SerializeAsString(), plan.orders[0].command.SerializeAsString());
}

TEST_F(ConversationTest, StockReceiptsAreKeyedByTheirSkuAndAllAnswered) {
  system.answer = [](const OutgoingMessage& command) { return std::vector{reply_to(command, common::v1::OUTCOME_ACCEPTED)}; };
  EXPECT_TRUE(conversation.receive_stock(plan, "r", limit, stop.get_token()).done);
  ASSERT_EQ(system.commands.size(), plan.receipts.size());
  EXPECT_EQ(system.commands[0].key, plan.receipts[0].sku());
}

TEST_F(ConversationTest, RefusedStockIsAnErrorThatSaysWhy) {
  system.answer = [](const OutgoingMessage& command) {
    return std::vector{reply_to(command, common::v1::OUTCOME_REJECTED, "INVALID_ARGUMENT")};
  };
  try {
    conversation.receive_stock(plan, "r", limit, stop.get_token());
    FAIL() << "went on without stock";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string_view(error.what()).find("INVALID_ARGUMENT"), std::string_view::npos) << error.what();
  }
}

TEST_F(ConversationTest, ACommandThatCannotBeDeliveredIsAnError) {
  system.answer = [](const OutgoingMessage&) { return std::vector<ConsumedMessage>{}; };
  system.delivery_error = "message too large";
  Scoreboard board(plan);
  EXPECT_THROW(place(board), std::runtime_error);
}

}  // namespace
}  // namespace ordersaga::demo
