// From a record of the log to the messages that it is published as. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "events/recorded_event.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::relay {

enum class Kind : std::uint8_t {
  event,    // to the events topic; every record has exactly one
  request,  // a neighbour's command, to the command topic
  reply,    // to who sent the command. Its topic is the sender's own: when it is missing, the reply is dropped
};

struct Message {
  Kind kind;
  // After that age nobody could read it any more, so it need not be sent again.
  std::chrono::hours keep;
  runtime::kafka::OutgoingMessage out;
};

// The event comes first. An input record is published without the command's bytes, and gives a reply when its sender named
// a topic and is to be answered now: its command was refused or expired, or the answer was wanted at its acceptance.
// Replies to topics that no sender may name are left out. Throws events::BadData for a record that this program cannot read.
std::vector<Message> messages_of(const events::RecordedEvent& record, Epoch epoch, int shards);

// What a message of the events topic says of its place; nullopt when it is no record of ours.
struct Place {
  Shard shard;
  Position position;
  Epoch epoch;
};
std::optional<Place> place_of(const runtime::kafka::ConsumedMessage& message);

// Whether the message is what this record is published as, in whatever epoch.
bool is_same(const runtime::kafka::ConsumedMessage& message, const events::RecordedEvent& record);

}  // namespace ordersaga::relay
