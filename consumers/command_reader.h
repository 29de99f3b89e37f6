// From a record of the command topic, or a command that an operator left in the store, to a command, or to what is wrong
// with it. Pure.
#pragma once

#include <google/protobuf/arena.h>

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "events/event_store.h"
#include "runtime/kafka/bus.h"
#include "sagas/turn.h"
#include "schemas/ids.h"

namespace ordersaga::consumers {

// Larger values are not even parsed.
inline constexpr std::size_t kMaxCommandBytes = 256 * 1024;

// A command that can be decided, or at least answered and recorded: when `input.message` is null, it is refused and
// input.record says why. All messages live in the arena; input.record keeps the raw bytes.
struct ReadableCommand {
  sagas::CommandInput input;
  std::string inbox_id;  // the idempotency key
  std::string hash;      // SHA-256 of type and value, first 16 bytes
  std::optional<Timestamp> expires_at;
};

// Nothing that could be recorded under a key: goes to the dead letters.
struct UnreadableCommand {
  std::string code;
  std::string message;
  // Who can still be told; empty when the record names no allowed topic.
  std::string reply_topic;
  std::string command_id;
  bool reply_in_json = false;
};

// It came on a partition that is not its key's.
struct MisplacedCommand {
  Shard right;
};

using Reading = std::variant<ReadableCommand, UnreadableCommand, MisplacedCommand>;

// An operator's command in the form of a consumed record: its topic, which is none of Kafka's, says where it came from, and
// its offset is the number of its row. It is always readable: what is wrong with it is refused, and recorded.
inline constexpr std::string_view kOperatorTopic = "operator";
runtime::kafka::ConsumedMessage as_message(events::OperatorCommand&& command);
inline bool is_operators(const runtime::kafka::ConsumedMessage& message) {
  return message.topic == kOperatorTopic;
}

// When the record was first appended to the topic. A forwarded one says so in a header of ours, for its own time is that of its
// forwarding, and a command must not become younger by that. Whoever writes the header can make a command look older, never
// younger. Not after 1970: not known.
inline constexpr std::string_view kFirstAppendedHeader = "first-appended-ms";
std::chrono::sys_time<std::chrono::milliseconds> first_appended(const runtime::kafka::ConsumedMessage& message);
// The record as it goes to the partition of its key.
runtime::kafka::OutgoingMessage forwarded(const runtime::kafka::ConsumedMessage& message, Shard right);

Reading read_command(const runtime::kafka::ConsumedMessage& message, int shards, google::protobuf::Arena* arena);

// Makes a command's record say that it was refused before it was decided, and takes its message away.
void refuse(sagas::CommandInput& input, ordersaga::common::v1::Outcome outcome, std::string_view code, std::string_view message);

}  // namespace ordersaga::consumers
