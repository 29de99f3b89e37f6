#include "events/postgres_reads.h"

namespace ordersaga::events {

using runtime::postgres::Rows;

namespace {

Shard shard_at(const Rows& rows, std::size_t row, int column) {
  return Shard(static_cast<std::int16_t>(rows.integer(row, column)));
}

}  // namespace

std::vector<RecordedEvent> records_of(const Rows& rows) {
  std::vector<RecordedEvent> out;
  out.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RecordedEvent& r = out.emplace_back();
    r.shard = shard_at(rows, i, 0);
    r.position = Position(rows.integer(i, 1));
    if (!rows.is_null(i, 2)) {
      r.stream = rows.text(i, 2);
      r.version = Version(static_cast<std::int32_t>(rows.integer(i, 3)));
    }
    r.type = TypeNumber(static_cast<std::int16_t>(rows.integer(i, 4)));
    r.payload = rows.bytes(i, 5);
    r.metadata = rows.bytes(i, 6);
    r.recorded_at = rows.time(i, 7);
  }
  return out;
}

std::vector<StockLevel> levels_of(const Rows& rows) {
  std::vector<StockLevel> out;
  out.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), rows.integer(i, 2), rows.integer(i, 3)});
  return out;
}

std::vector<Wakeup> wakeups_of(const Rows& rows) {
  std::vector<Wakeup> out;
  out.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back({shard_at(rows, i, 0), std::string(rows.text(i, 1)), rows.time(i, 2), rows.boolean(i, 3)});
  return out;
}

ShardHead head_of(const Rows& rows, std::size_t row, int first) {
  ShardHead head;
  head.shard = shard_at(rows, row, first);
  if (rows.is_null(row, first + 1)) return head;
  head.position = Position(rows.integer(row, first + 1));
  head.recorded_at = rows.time(row, first + 2);
  head.metadata = rows.bytes(row, first + 3);
  return head;
}

}  // namespace ordersaga::events
