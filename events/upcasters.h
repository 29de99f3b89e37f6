// Records are never rewritten: bytes of an older shape are lifted to today's when they are read.
//
// A change of a message's shape that Protobuf's own rules do not cover gets one line in the table of upcasters.cc and
// one golden file of bytes as they were written then (tests/events/golden/). An upcaster lifts one version to the next;
// they are applied in turn. It must leave a message that already has the newer shape as it is.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>

namespace ordersaga::events {

// 1 for types whose shape never changed.
std::uint32_t latest_schema_version(const google::protobuf::Descriptor* descriptor);

// Lifts a message that was parsed from bytes of that schema version to today's. Newer versions than today's are left as
// they are: Protobuf keeps what it does not know.
void upcast(google::protobuf::Message& message, std::uint32_t schema_version);

}  // namespace ordersaga::events
