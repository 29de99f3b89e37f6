#include "outbox-relay/postgres_cursor.h"

#include "events/postgres_errors.h"

namespace ordersaga::relay {

using namespace runtime::postgres;

namespace {

constexpr Statement kLoad = {"relay_load_cursor",
                             "SELECT epoch, position, kafka_offset, cluster_id FROM log.relay_cursors WHERE shard = $1::smallint"};

constexpr Statement kSave = {
    "relay_save_cursors",
    "INSERT INTO log.relay_cursors AS c (shard, epoch, position, kafka_offset, cluster_id) "
    "SELECT * FROM unnest($1::smallint[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[]) "
    "ON CONFLICT (shard) DO UPDATE SET epoch = excluded.epoch, position = excluded.position, kafka_offset = excluded.kafka_offset, "
    "cluster_id = excluded.cluster_id, updated_at = clock_timestamp() "
    "WHERE (excluded.epoch, excluded.position) >= (c.epoch, c.position)"};

}  // namespace

Connection& PostgresCursorStore::connection() {
  if (connection_ == nullptr || !connection_->is_open()) {
    connection_.reset();
    connection_ = std::make_unique<Connection>(target_);
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

}  // namespace ordersaga::relay
