// One generic codec for every message in the log: full name <-> number, bytes <-> message.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "events/recorded_event.h"

namespace ordersaga::events {

// Types that may stand in the log and their numbers. Numbers are for ever: append, never renumber.
struct RecordType {
  TypeNumber number;
  const google::protobuf::Descriptor* descriptor;
};
std::span<const RecordType> record_types();

// REQUIRES: a type of record_types().
TypeNumber number_of(const google::protobuf::Descriptor* descriptor);
// What a writer of that type puts in RecordMetadata.schema_version today.
std::uint32_t schema_version_of(const google::protobuf::Descriptor* descriptor);
// Null when the number is unknown.
const google::protobuf::Descriptor* type_of(TypeNumber number);
// Null when no message of that name is known to this program.
const google::protobuf::Descriptor* find_message(std::string_view full_name);
// A new, empty message in the arena.
google::protobuf::Message* make_message(const google::protobuf::Descriptor* descriptor, google::protobuf::Arena* arena);

// The message of a record, in today's shape: older schema versions go through the upcasters first. Throws BadData.
google::protobuf::Message* decode(const RecordedEvent& record, google::protobuf::Arena* arena);

}  // namespace ordersaga::events
