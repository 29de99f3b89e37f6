#include "events/detached_leaves.h"

#include <map>
#include <utility>

#include "events/errors.h"
#include "events/turn_rules.h"
#include "schemas/streams.h"

namespace ordersaga::events {

using namespace runtime::postgres;

namespace {

constexpr Statement kLeafOf = {"detached_leaf_of",
                               "SELECT leaf, detached_by, to_char(detached_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM log.event_leaves "
                               "WHERE shard = $1::smallint AND first_position <= $2::bigint AND end_position > $2::bigint "
                               "  AND detached_at IS NOT NULL"};

constexpr Statement kArchived = {"detached_keys",
                                 "SELECT a.shard, a.leaf, a.key FROM unnest($1::smallint[], $2::text[]) AS w (shard, key) "
                                 "JOIN log.archived_keys AS a ON a.shard = w.shard AND a.key = w.key LIMIT 1"};

std::string remedy(std::string_view shard, std::string_view leaf) {
  return "; sagactl db partitions attach " + std::string(shard) + " " + std::string(leaf) + " brings it back";
}

}  // namespace

std::optional<ShardPosition> first_hole(std::span<const ShardPosition> after, std::span<const RecordedEvent> read) {
  std::map<Shard, Position> next;
  for (const ShardPosition& from : after) next[from.shard] = from.position.next();
  for (const RecordedEvent& e : read) {
    Position& expected = next[e.shard];
    if (e.position != expected) return ShardPosition{e.shard, expected};
    expected = expected.next();
  }
  return std::nullopt;
}

void require_not_detached(Connection& connection, const ShardPosition& position) {
  Rows rows = connection.exec(kLeafOf, Parameters().add(position.shard.value).add(position.position.value));
  if (rows.empty()) return;
  std::string shard = std::to_string(position.shard.value);
  throw LeafDetached("position " + std::to_string(position.position.value) + " of shard " + shard + " lies in the leaf events_" + shard +
                     "_" + std::string(rows.text(0, 0)) + ", which " + std::string(rows.text(0, 1)) + " detached on " +
                     std::string(rows.text(0, 2)) + remedy(shard, rows.text(0, 0)));
}

void throw_hole(Connection& connection, const ShardPosition& missing) {
  require_not_detached(connection, missing);
  throw StoreError("the log has no position " + std::to_string(missing.position.value) + " in shard " +
                   std::to_string(missing.shard.value) + ", and goes on above it");
}

void require_not_archived(Connection& connection, std::span<const std::string_view> streams, int shards) {
  Array in_shards = Array::of_smallint(streams.size()), keys = Array::of_text(streams.size());
  for (std::string_view stream : streams) {
    in_shards.add(shard_of_stream(stream, shards).value);
    keys.add(stream_key(stream));
  }
  Rows rows = connection.exec(kArchived, Parameters().add(std::move(in_shards)).add(std::move(keys)));
  if (rows.empty()) return;
  throw LeafDetached("what there is of " + std::string(rows.text(0, 2)) + " lies in the leaf events_" + std::string(rows.text(0, 0)) + "_" +
                     std::string(rows.text(0, 1)) + ", which is detached" + remedy(rows.text(0, 0), rows.text(0, 1)));
}

}  // namespace ordersaga::events
