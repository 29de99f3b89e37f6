#include "tools/demo/conversation.h"

#include <fmt/format.h>

#include <set>
#include <stdexcept>

#include "ordersaga/order/v1/events.pb.h"
#include "schemas/headers.h"

namespace ordersaga::demo {
namespace {

using namespace std::chrono_literals;
using runtime::kafka::ConsumedMessage;

constexpr std::size_t kPollMax = 1000;
constexpr auto kPollWait = 100ms;

template <class M>
M parse(const ConsumedMessage& message) {
  M parsed;
  if (!parsed.ParseFromString(message.value))
    throw std::runtime_error(fmt::format("{}/{}@{}: not a {}", message.topic, message.partition, message.offset, parsed.GetTypeName()));
  return parsed;
}

// Tells the board about an event that ends an order; others are none of its business.
void note_event(const ConsumedMessage& message, Scoreboard& board) {
  const std::string_view type = message.header(headers::kType).value_or("");
  const std::string key = message.key.value_or("");
  if (type == order::v1::OrderCompleted::descriptor()->full_name()) {
    board.note_end(key, End::completed, "");
  } else if (type == order::v1::OrderRejected::descriptor()->full_name()) {
    board.note_end(key, End::rejected, parse<order::v1::OrderRejected>(message).code());
  } else if (type == order::v1::OrderCancelled::descriptor()->full_name()) {
    board.note_end(key, End::cancelled, parse<order::v1::OrderCancelled>(message).code());
  }
}

}  // namespace

Conversation::Conversation(runtime::kafka::Producer& producer, runtime::kafka::Consumer& consumer, const runtime::Clock& clock,
                           std::string reply_topic)
    : producer_(producer), consumer_(consumer), clock_(clock), reply_topic_(std::move(reply_topic)) {}

void Conversation::collect_deliveries(std::chrono::milliseconds timeout) {
  std::vector<runtime::kafka::Delivery> deliveries;
  producer_.poll(timeout, deliveries);
  for (const auto& delivery : deliveries)
    if (!delivery.error.empty()) throw std::runtime_error("a command could not be delivered: " + delivery.error);
}

void Conversation::send(const std::string& key, const google::protobuf::Message& command, const std::string& id,
                        std::string_view reply_when) {
  runtime::kafka::OutgoingMessage message;
  message.topic = std::string(topics::kCommands);
  message.key = key;
  message.value = command.SerializeAsString();
  auto header = [&](std::string_view name, std::string_view value) { message.headers.push_back({std::string(name), std::string(value)}); };
  header(headers::kSpecVersion, headers::kSpecVersionValue);
  header(headers::kId, id);
  header(headers::kSource, "demo_orders");
  header(headers::kType, command.GetTypeName());
  header(headers::kContentType, headers::kProtobuf);
  header(headers::kReplyTo, reply_topic_);
  header(headers::kReplyWhen, reply_when);
  while (!producer_.produce(message, 0)) collect_deliveries(kPollWait);
}

Ending Conversation::receive_stock(const Plan& plan, std::string_view run, std::chrono::seconds limit, const std::stop_token& stop) {
  std::set<std::string> open;
  for (const auto& receipt : plan.receipts) {
    std::string id = fmt::format("demo-{}-{}-{}", run, receipt.sku(), receipt.location());
    send(receipt.sku(), receipt, id, headers::kReplyWhenAccepted);
    open.insert(std::move(id));
  }
  const auto began = clock_.steady();
  while (!open.empty() || producer_.in_flight() > 0) {
    if (stop.stop_requested() || clock_.steady() - began > limit)
      return {false, fmt::format("answers to {} of {} stock receipts", open.size(), plan.receipts.size())};
    collect_deliveries(0ms);
    for (const ConsumedMessage& message : consumer_.poll(kPollMax, kPollWait).messages) {
      if (message.topic != reply_topic_) continue;
      const auto reply = parse<common::v1::CommandReply>(message);
      if (!open.contains(reply.command_id())) continue;
      if (reply.outcome() != common::v1::OUTCOME_ACCEPTED)
        throw std::runtime_error(fmt::format("stock receipt {} was answered {} {} {}", reply.command_id(),
                                             common::v1::Outcome_Name(reply.outcome()), reply.error().code(), reply.error().message()));
      open.erase(reply.command_id());
    }
  }
  return {true, ""};
}

Ending Conversation::place_orders(const Plan& plan, Scoreboard& board, std::chrono::seconds limit, const std::stop_token& stop,
                                  const OnProgress& tell) {
  std::size_t sent = 0;
  const auto began = clock_.steady();
  while (sent < plan.orders.size() || producer_.in_flight() > 0 || !board.complete()) {
    if (stop.stop_requested() || clock_.steady() - began > limit)
      return {false, fmt::format("the ends of {} and the answers to {} of {} orders", plan.orders.size() - board.ended(),
                                 plan.orders.size() - board.replied(), plan.orders.size())};
    // A part at a time, so that answers are taken while orders are still being placed.
    for (std::size_t n = 0; n < kPollMax && sent < plan.orders.size(); ++n, ++sent) {
      const auto& command = plan.orders[sent].command;
      // The command's id is the order's: its reply says which order it is about.
      send(command.order_id(), command, command.order_id(), headers::kReplyWhenCompleted);
    }
    collect_deliveries(0ms);
    for (const ConsumedMessage& message : consumer_.poll(kPollMax, kPollWait).messages) {
      if (message.topic == reply_topic_) {
        const auto reply = parse<common::v1::CommandReply>(message);
        board.note_reply(reply.command_id(), reply);
      } else {
        note_event(message, board);
      }
    }
    tell({sent, board.replied(), board.ended()});
  }
  return {true, ""};
}

}  // namespace ordersaga::demo
