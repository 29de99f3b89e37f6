// From a record of the command topic to a command, or to what is wrong with it. Pure.
#pragma once

#include <google/protobuf/arena.h>

#include <optional>
#include <string>
#include <variant>

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

Reading read_command(const runtime::kafka::ConsumedMessage& message, int shards, google::protobuf::Arena* arena);

// Makes a command's record say that it was refused before it was decided, and takes its message away.
void refuse(sagas::CommandInput& input, ordersaga::common::v1::Outcome outcome, std::string_view code, std::string_view message);

}  // namespace ordersaga::consumers
