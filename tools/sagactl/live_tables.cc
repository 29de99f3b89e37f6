#include <fmt/format.h>

#include <charconv>

#include "tools/sagactl/live_evidence.h"

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

constexpr Statement kHead{
    "verify_head", "SELECT coalesce((SELECT position FROM log.events WHERE shard = $1::text::smallint ORDER BY position DESC LIMIT 1), 0)"};
constexpr Statement kClock{"verify_clock", "SELECT clock_timestamp()"};
constexpr Statement kWakeups{"verify_wakeups", "SELECT saga, effect_outstanding, due_at FROM log.wakeups WHERE shard = $1::text::smallint"};
constexpr Statement kLevels{"verify_levels",
                            "SELECT sku, location, sum(on_hand)::bigint, sum(reserved)::bigint FROM log.stock GROUP BY sku, location"};
constexpr Statement kInboxSince{"verify_inbox_since",
                                // The oldest partition's lower bound: everything recorded since then is still in the inbox.
                                "SELECT coalesce(min(to_timestamp(substr(c.relname, 7), 'YYYY_MM_DD')), clock_timestamp())"
                                " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'log.inbox'::regclass"};
constexpr Statement kInbox{"verify_inbox",
                           "SELECT key, message_id, position, encode(hash, 'hex') FROM log.inbox"
                           " WHERE shard = $1::text::smallint AND position <= $2::text::bigint"};
constexpr Statement kCheckpoints{"verify_checkpoints",
                                 "SELECT projection, position FROM read.projection_checkpoint WHERE shard = $1::text::smallint"};
constexpr Statement kOrders{"verify_orders",
                            "SELECT order_id, order_number, status, currency, total_minor, captured_minor, refunded_minor"
                            " FROM read.order_summary WHERE shard = $1::text::smallint"};
constexpr Statement kSagas{
    "verify_sagas", "SELECT 'saga-' || type || '-' || order_id, state, version FROM read.saga_status WHERE shard = $1::text::smallint"};
constexpr Statement kStock{"verify_stock",
                           "SELECT sku, location, on_hand, reserved, shipped, received"
                           " FROM read.stock_level_parts WHERE shard = $1::text::smallint"};
constexpr Statement kParked{"verify_parked", "SELECT DISTINCT key FROM read.parked_messages WHERE shard = $1::text::smallint"};

std::string text_of(Shard shard) {
  return std::to_string(shard.value);
}

}  // namespace

Position LiveTables::head(Shard shard) {
  return Position(database_.query(kHead, {text_of(shard)}).integer(0, 0));
}

verify::ShardSnapshot LiveTables::shard(Shard shard) {
  verify::ShardSnapshot snapshot;
  snapshot.shard = shard;
  database_.at_one_moment([&] {
    snapshot.head = head(shard);
    snapshot.now = database_.query(kClock).time(0, 0);
    Database::Rows rows = database_.query(kWakeups, {text_of(shard)});
    for (std::size_t r = 0; r < rows.size(); ++r)
      snapshot.wakeups.push_back({std::string(rows.text(r, 0)), rows.boolean(r, 1), rows.time(r, 2)});
    snapshot.read = read_rows(shard);
  });
  return snapshot;
}

verify::ReadRows LiveTables::read_rows(Shard shard) {
  verify::ReadRows read;
  Database::Rows rows = database_.query(kCheckpoints, {text_of(shard)});
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string_view projection = rows.text(r, 0);
    Position position(rows.integer(r, 1));
    if (projection == "order_summary") read.orders_checkpoint = position;
    if (projection == "saga_status") read.sagas_checkpoint = position;
    if (projection == "stock_levels") read.stock_checkpoint = position;
  }
  rows = database_.query(kOrders, {text_of(shard)});
  for (std::size_t r = 0; r < rows.size(); ++r)
    read.orders.push_back({std::string(rows.text(r, 0)), std::string(rows.text(r, 1)), std::string(rows.text(r, 2)),
                           std::string(rows.text(r, 3)), rows.integer(r, 4), rows.integer(r, 5), rows.integer(r, 6)});
  rows = database_.query(kSagas, {text_of(shard)});
  for (std::size_t r = 0; r < rows.size(); ++r)
    read.sagas.push_back(
        {std::string(rows.text(r, 0)), std::string(rows.text(r, 1)), Version(static_cast<std::int32_t>(rows.integer(r, 2)))});
  rows = database_.query(kStock, {text_of(shard)});
  for (std::size_t r = 0; r < rows.size(); ++r)
    read.stock.push_back({std::string(rows.text(r, 0)), std::string(rows.text(r, 1)), rows.integer(r, 2), rows.integer(r, 3),
                          rows.integer(r, 4), rows.integer(r, 5)});
  rows = database_.query(kParked, {text_of(shard)});
  for (std::size_t r = 0; r < rows.size(); ++r) read.parked_keys.insert(std::string(rows.text(r, 0)));
  return read;
}

verify::LevelsAt LiveTables::levels() {
  verify::LevelsAt at;
  database_.at_one_moment([&] {
    for (int s = 0; s < shards_; ++s) at.as_of.push_back(head(Shard(static_cast<std::int16_t>(s))));
    Database::Rows rows = database_.query(kLevels);
    for (std::size_t r = 0; r < rows.size(); ++r)
      at.levels.push_back({std::string(rows.text(r, 0)), std::string(rows.text(r, 1)), rows.integer(r, 2), rows.integer(r, 3)});
  });
  return at;
}

verify::Inbox LiveTables::inbox(Shard shard, Position upto) {
  verify::Inbox inbox;
  // In this order: a partition that is dropped in between only makes the inbox look fuller than it must be.
  database_.at_one_moment([&] {
    Database::Rows since = database_.query(kInboxSince);
    inbox.complete_since = since.time(0, 0);
    Database::Rows rows = database_.query(kInbox, {text_of(shard), std::to_string(upto.value)});
    for (std::size_t r = 0; r < rows.size(); ++r)
      inbox.rows.push_back(
          {std::string(rows.text(r, 0)), std::string(rows.text(r, 1)), Position(rows.integer(r, 2)), std::string(rows.text(r, 3))});
  });
  return inbox;
}

}  // namespace ordersaga::sagactl
