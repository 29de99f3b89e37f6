// The tables that every projection shares: what could not be applied, and what could not be read.
#pragma once

#include <string>

#include "projections/table.h"

namespace ordersaga::projections {

struct ParkedMessage {
  static constexpr std::string_view kTable = "parked_messages";
  static constexpr std::size_t kKeyColumns = 3;
  static constexpr std::size_t kFixedColumns = 3;

  std::string projection;
  Shard shard;
  Position position;
  std::string key;
  std::string stream;
  Version version;
  std::string type;
  std::string code;
  std::string reason;
  Timestamp parked_at;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("projection", row.projection);
    column("shard", row.shard);
    column("position", row.position);
    column("key", row.key);
    column("stream", row.stream);
    column("version", row.version);
    column("type", row.type);
    column("code", row.code);
    column("reason", row.reason);
    column("parked_at", row.parked_at);
  }
};

struct UnreadableMessage {
  static constexpr std::string_view kTable = "unreadable_messages";
  static constexpr std::size_t kKeyColumns = 3;
  static constexpr std::size_t kFixedColumns = 3;

  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key_base64;
  std::string value_base64;
  std::string reason;
  Timestamp parked_at;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("topic", row.topic);
    column("partition", row.partition);
    column("kafka_offset", row.offset);
    column("key_base64", row.key_base64);
    column("value_base64", row.value_base64);
    column("reason", row.reason);
    column("parked_at", row.parked_at);
  }
};

}  // namespace ordersaga::projections
