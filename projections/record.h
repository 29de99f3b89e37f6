// A record of the log as projections see it, whether it came by Kafka or from the log itself.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <string>
#include <variant>

#include "events/recorded_event.h"
#include "runtime/kafka/bus.h"
#include "schemas/ids.h"

namespace ordersaga::projections {

struct Record {
  events::RecordedEvent event;  // its metadata may hold less than the log's: see read_message
  std::string key;
  std::string actor;
  // Of a type that this program does not know; empty otherwise.
  std::string unknown_type;
  // Null when this program does not know the type.
  const google::protobuf::Descriptor* type = nullptr;
  // Null until decode(), and after it when the payload is not of the type.
  const google::protobuf::Message* message = nullptr;
  // Why there is no message; empty before decode().
  std::string defect;

  const std::string& type_name() const { return type ? type->full_name() : unknown_type; }
  Shard shard() const { return event.shard; }
  Position position() const { return event.position; }
};

// A record as the log has it.
Record from_log(events::RecordedEvent event);

// A message of the events topic: the record, and the log's life that it belongs to.
struct MessageRecord {
  Record record;
  Epoch epoch;
};
// Why a message is no record.
struct NoRecord {
  std::string reason;
};
// Reads headers, key and value; takes key and value when it is a record, and leaves the message as it is otherwise. The event's
// metadata hold the schema version alone, which is all that decode() needs.
std::variant<MessageRecord, NoRecord> read_message(runtime::kafka::ConsumedMessage&& message);

// Sets record.message, allocated in the arena; or record.defect, and returns false.
bool decode(Record& record, google::protobuf::Arena* arena);

}  // namespace ordersaga::projections
