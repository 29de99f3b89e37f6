#include "tools/sagactl/command_sender.h"

#include <fmt/format.h>

#include <random>

#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_partition_reader.h"
#include "runtime/kafka/kafka_producer.h"
#include "schemas/headers.h"

namespace ordersaga::sagactl {

namespace kafka = runtime::kafka;
namespace v1 = ordersaga::common::v1;

namespace {

constexpr auto kPollFor = std::chrono::milliseconds(50);
constexpr std::size_t kRepliesPerRead = 500;

kafka::OutgoingMessage make_message(const CommandToSend& command) {
  kafka::OutgoingMessage message;
  message.topic = topics::kCommands;
  message.key = command.key;
  message.value = command.message->SerializeAsString();
  auto header = [&](std::string_view name, std::string_view value) { message.headers.push_back({std::string(name), std::string(value)}); };
  header(headers::kSpecVersion, headers::kSpecVersionValue);
  header(headers::kId, command.id);
  header(headers::kSource, "sagactl");
  header(headers::kType, command.message->GetDescriptor()->full_name());
  header(headers::kContentType, headers::kProtobuf);
  if (!command.idempotency_key.empty()) header(headers::kIdempotencyKey, command.idempotency_key);
  return message;
}

// Tells of the delivery or throws. The producer's own timeout is ours: a message that Kafka did not take in time is dropped,
// though the broker may have it.
void deliver(Context& context, const kafka::OutgoingMessage& message) {
  auto patience = std::max(context.time_left(), std::chrono::milliseconds(1));
  kafka::KafkaProducer producer(context.kafka(), {.message_timeout = patience});
  producer.produce(message, 0);
  std::vector<kafka::Delivery> deliveries;
  while (deliveries.empty()) {
    throw_if_stopped();
    if (context.out_of_time())
      throw Failure(ExitCode::unreachable,
                    fmt::format("Kafka ({}) did not take the command in time; it may still have it", context.settings.brokers),
                    "sagactl doctor");
    producer.poll(kPollFor, deliveries);
  }
  const kafka::Delivery& delivery = deliveries.front();
  if (delivery.refused)
    throw Failure(ExitCode::failed, fmt::format("Kafka refused the command for {}: {}", message.topic, delivery.error), "sagactl doctor");
  if (!delivery.error.empty())
    throw Failure(ExitCode::unreachable, fmt::format("Kafka did not take the command: {}", delivery.error), "sagactl doctor");
  context.explain(fmt::format("{} at {}/{}@{}", message.topic, *message.key, delivery.partition, delivery.offset));
}

std::string reply_topic(const Context& context) {
  return fmt::format("{}{}.v1", topics::kRepliesPrefix, context.settings.client);
}

}  // namespace

std::string new_id(Timestamp now) {
  static std::mt19937_64 random{std::random_device{}()};
  auto millis = static_cast<std::uint64_t>(now.time_since_epoch().count() / 1'000);
  std::uint64_t a = random(), b = random();
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", millis >> 16U & 0xffffffffU, millis & 0xffffU, a & 0xfffU,
                     0x8000U | (a >> 16U & 0x3fffU), b & 0xffffffffffffU);
}

void send(Context& context, const CommandToSend& command) {
  CommandToSend with_id = command;
  if (with_id.id.empty()) with_id.id = new_id(context.now());
  deliver(context, make_message(with_id));
}

v1::CommandReply send_and_wait(Context& context, CommandToSend command, log::v1::ReplyWhen when, const std::string& look) {
  if (command.id.empty()) command.id = new_id(context.now());
  std::string topic = reply_topic(context);
  kafka::KafkaAdmin admin(context.kafka(), context.time_left());
  std::map<std::string, int> counts = admin.partition_counts();
  if (counts.count(topic) == 0)
    throw Failure(ExitCode::failed, fmt::format("Kafka has no topic {} for the answer", topic), "sagactl topic create " + topic);
  // A reply has the command's key.
  std::int32_t partition = shard_of(command.key, counts[topic]).value;
  kafka::KafkaPartitionReader reader(context.kafka(), context.time_left());
  std::int64_t next = reader.watermarks(topic, partition).high;

  kafka::OutgoingMessage message = make_message(command);
  message.headers.push_back({std::string(headers::kReplyTo), topic});
  message.headers.push_back(
      {std::string(headers::kReplyWhen),
       std::string(when == log::v1::REPLY_WHEN_COMPLETED ? headers::kReplyWhenCompleted : headers::kReplyWhenAccepted)});
  deliver(context, message);
  while (!context.out_of_time()) {
    throw_if_stopped();
    std::vector<kafka::ConsumedMessage> replies = reader.read(topic, partition, next, kRepliesPerRead);
    for (const kafka::ConsumedMessage& m : replies) {
      next = m.offset + 1;
      v1::CommandReply reply;
      if (reply.ParseFromString(m.value) && reply.command_id() == command.id) return reply;
    }
    if (replies.empty()) context.pause(kPollFor);
  }
  throw Failure(ExitCode::timed_out,
                fmt::format("no answer to command {} within the timeout: Kafka has it, it may still be carried out", command.id), look);
}

ExitCode print_reply(Context& context, const v1::CommandReply& reply, const std::string& next) {
  std::string outcome = v1::Outcome_Name(reply.outcome()).substr(8);  // without OUTCOME_
  bool good = reply.outcome() == v1::OUTCOME_ACCEPTED || reply.outcome() == v1::OUTCOME_SUCCEEDED;
  Json object = {{"command_id", reply.command_id()}, {"outcome", outcome},     {"aggregate_id", reply.aggregate_id()},
                 {"version", reply.version()},       {"shard", reply.shard()}, {"position", reply.position()},
                 {"replayed", reply.replayed()}};
  if (reply.has_error()) object["error"] = to_json(reply.error());
  if (context.options.format != Format::table && context.options.format != Format::wide) {
    context.print_object({{"command_id", ""}, {"outcome", ""}, {"aggregate_id", ""}, {"version", ""}, {"shard", ""}, {"position", ""}},
                         object);
  } else if (good) {
    context.console.out << reply.aggregate_id() << " " << outcome << " · " << reply.shard() << "/" << reply.position() << "\n";
    if (!next.empty()) context.say("next: " + next);
  }
  if (good) return ExitCode::ok;
  ExitCode code = reply.has_error() ? exit_code_of(reply.error().code()) : ExitCode::failed;
  if (code == ExitCode::failed && reply.outcome() == v1::OUTCOME_REJECTED) code = ExitCode::refused;
  std::string why = reply.has_error() ? fmt::format("{}: {}", reply.error().code(), reply.error().message()) : outcome;
  for (const auto& detail : reply.error().details()) why += "\n  " + to_json(detail).dump();
  throw Failure(code, fmt::format("{} {}", outcome, why), code == ExitCode::refused ? next : "");
}

}  // namespace ordersaga::sagactl
