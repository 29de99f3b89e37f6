// What the log holds.
#pragma once

#include <string>

#include "schemas/ids.h"

namespace ordersaga::events {

// Number of a record's Protobuf type in the log (table event_types; see codec.h).
using TypeNumber = Strong<struct TypeNumberTag, std::int16_t>;

// A record as it stands in the log. payload and metadata are serialized Protobuf (metadata: ordersaga.log.v1.RecordMetadata).
struct RecordedEvent {
  Shard shard;
  Position position;
  // Empty, with version 0, in records that belong to no stream.
  std::string stream;
  Version version;
  TypeNumber type;
  std::string payload;
  std::string metadata;
  Timestamp recorded_at{};
};

// A record to append. The store gives it the next position of its shard, and the turn's time.
struct NewRecord {
  Shard shard;
  std::string stream;
  // The version it must get: the stream's last one plus one. 0 when it belongs to no stream.
  Version version;
  TypeNumber type;
  std::string payload;
  std::string metadata;
};

// The largest payload and metadata of one record, together, in bytes (Kafka's default message limit is 1 MiB).
inline constexpr std::size_t kMaxRecordBytes = 900 * 1024;

}  // namespace ordersaga::events
