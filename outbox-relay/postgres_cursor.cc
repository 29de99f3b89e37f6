#include "outbox-relay/postgres_cursor.h"

#include "events/postgres_errors.h"

namespace ordersaga::relay {

using namespace runtime::postgres;

namespace {

// Nobody waits for the disk here, least of all what is to be published meanwhile. A server that crashes forgets the last moves of half a
// second: then more of the topic's tail is read, and replies and requests of that time go out again.
constexpr const char* kDoNotWait = "SET synchronous_commit = off";

constexpr Statement kLoad = {"relay_load_cursor",
                             "SELECT epoch, position, kafka_offset, cluster_id FROM log.relay_cursors WHERE shard = $1::smallint"};

constexpr Statement kSave = {
    "relay_save_cursors",
    "INSERT INTO log.relay_cursors AS c (shard, epoch, position, kafka_offset, cluster_id) "
    "SELECT * FROM unnest($1::smallint[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[]) "
    "ON CONFLICT (shard) DO UPDATE SET epoch = excluded.epoch, position = excluded.position, kafka_offset = excluded.kafka_offset, "
    "cluster_id = excluded.cluster_id, updated_at = clock_timestamp() "
    "WHERE (excluded.epoch, excluded.position) >= (c.epoch, c.position)"};

constexpr Statement kRewind = {
    "relay_rewind_cursors",
    "WITH asked AS (DELETE FROM log.republish_requests WHERE shard = ANY ($1::smallint[]) RETURNING shard, from_position) "
    "INSERT INTO log.relay_cursors AS c (shard, epoch, position, kafka_offset, cluster_id) "
    "SELECT shard, $2::integer, from_position - 1, -1, $3::text FROM asked "
    "ON CONFLICT (shard) DO UPDATE SET epoch = excluded.epoch, position = excluded.position, kafka_offset = excluded.kafka_offset, "
    "cluster_id = excluded.cluster_id, updated_at = clock_timestamp() "
    "RETURNING shard, position"};

constexpr Statement kShowHalts = {
    "relay_show_halts",
    "WITH over AS (DELETE FROM log.relay_halts WHERE shard = ANY ($1::smallint[]) AND shard <> ALL ($2::smallint[])) "
    "INSERT INTO log.relay_halts AS h (shard, reason) SELECT * FROM unnest($2::smallint[], $3::text[]) "
    "ON CONFLICT (shard) DO UPDATE SET reason = excluded.reason WHERE h.reason <> excluded.reason"};

Array array_of(std::span<const Shard> shards) {
  Array array = Array::of_smallint(shards.size());
  for (const Shard shard : shards) array.add(shard.value);
  return array;
}

}  // namespace

Connection& PostgresCursorStore::connection() {
  if (connection_ == nullptr || !connection_->is_open()) {
    connection_.reset();
    connection_ = std::make_unique<Connection>(target_);
    connection_->exec(kDoNotWait);
  }
  return *connection_;
}

std::optional<Cursor> PostgresCursorStore::load(Shard shard) {
  return events::as_store_errors([&]() -> std::optional<Cursor> {
    const Rows rows = connection().exec(kLoad, Parameters().add(shard.value));
    if (rows.empty()) return std::nullopt;
    return Cursor{shard, Epoch(static_cast<std::int32_t>(rows.integer(0, 0))), Position(rows.integer(0, 1)), rows.integer(0, 2),
                  std::string(rows.text(0, 3))};
  });
}

void PostgresCursorStore::save(std::span<const Cursor> cursors) {
  if (cursors.empty()) return;
  events::as_store_errors([&] {
    Array shards = Array::of_smallint(cursors.size());
    Array epochs = Array::of_integer(cursors.size());
    Array positions = Array::of_bigint(cursors.size());
    Array offsets = Array::of_bigint(cursors.size());
    Array clusters = Array::of_text(cursors.size());
    for (const Cursor& c : cursors) {
      shards.add(c.shard.value);
      epochs.add(c.epoch.value);
      positions.add(c.position.value);
      offsets.add(c.offset);
      clusters.add(c.cluster_id);
    }
    connection().exec(kSave, Parameters()
                                 .add(std::move(shards))
                                 .add(std::move(epochs))
                                 .add(std::move(positions))
                                 .add(std::move(offsets))
                                 .add(std::move(clusters)));
  });
}

std::vector<Cursor> PostgresCursorStore::rewind(std::span<const Shard> shards, Epoch epoch, const std::string& cluster_id) {
  return events::as_store_errors([&] {
    const Rows rows = connection().exec(kRewind, Parameters().add(array_of(shards)).add(epoch.value).add(std::string_view(cluster_id)));
    std::vector<Cursor> moved;
    for (std::size_t i = 0; i < rows.size(); ++i)
      moved.push_back({Shard(static_cast<std::int16_t>(rows.integer(i, 0))), epoch, Position(rows.integer(i, 1)), kSendAgain, cluster_id});
    return moved;
  });
}

void PostgresCursorStore::show_halts(std::span<const Shard> shards, const std::map<Shard, std::string>& halted) {
  events::as_store_errors([&] {
    Array stopped = Array::of_smallint();
    Array reasons = Array::of_text();
    for (const Shard shard : shards)
      if (const auto found = halted.find(shard); found != halted.end()) stopped.add(shard.value), reasons.add(found->second);
    connection().exec(kShowHalts, Parameters().add(array_of(shards)).add(std::move(stopped)).add(std::move(reasons)));
  });
}

}  // namespace ordersaga::relay
