#include "events/postgres_parking.h"

#include <algorithm>

#include "events/turn_rules.h"
#include "schemas/streams.h"

namespace ordersaga::events::postgres {

using namespace runtime::postgres;

namespace {

constexpr Statement kPark = {
    "turn_park",
    "WITH put_off AS ("
    "  UPDATE log.wakeups AS w SET due_at = $9::timestamptz FROM unnest($1::smallint[], $3::text[]) AS p (shard, saga) "
    "  WHERE w.shard = p.shard AND w.saga = p.saga"
    ") INSERT INTO log.parked_inputs AS i (shard, key, saga, kind, code, reason, data, parked_at) "
    "SELECT p.*, $8::timestamptz "
    "FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[]) AS p "
    "ON CONFLICT (shard, saga, kind) DO UPDATE SET attempts = i.attempts + 1, code = excluded.code, reason = excluded.reason, "
    "  data = excluded.data, parked_at = excluded.parked_at"};

constexpr Statement kUnpark = {"turn_unpark", "DELETE FROM log.parked_inputs WHERE id = ANY ($1::bigint[])"};
constexpr Statement kOperatorDone = {"turn_operator_done", "DELETE FROM log.operator_inbox WHERE id = ANY ($1::bigint[])"};

constexpr Statement kReadParked = {"turn_read_parked",
                                   "SELECT id, shard, saga, kind, data, code, reason, attempts, parked_at FROM log.parked_inputs "
                                   "WHERE id = ANY ($1::bigint[]) AND shard = ANY ($2::smallint[]) ORDER BY id"};
constexpr Statement kParkedInputs = {"store_parked_inputs",
                                     "SELECT id, shard, saga, kind, data, code, reason, attempts, parked_at FROM log.parked_inputs "
                                     "WHERE shard = ANY ($1::smallint[]) ORDER BY id"};
constexpr Statement kOperatorCommands = {"store_operator_commands",
                                         "SELECT id, shard, key, message_id, type, content_type, actor, data FROM log.operator_inbox "
                                         "WHERE shard = ANY ($1::smallint[]) ORDER BY id LIMIT $2::bigint"};

Array array_of(std::span<const Shard> shards) {
  Array out = Array::of_smallint(shards.size());
  for (Shard s : shards) out.add(s.value);
  return out;
}

Array array_of(std::span<const std::int64_t> ids) {
  Array out = Array::of_bigint(ids.size());
  for (std::int64_t id : ids) out.add(id);
  return out;
}

std::vector<ParkedInput> parked_of(const Rows& rows) {
  std::vector<ParkedInput> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back({rows.integer(i, 0), Shard(static_cast<std::int16_t>(rows.integer(i, 1))), std::string(rows.text(i, 2)),
                   std::string(rows.text(i, 3)), rows.bytes(i, 4), std::string(rows.text(i, 5)), std::string(rows.text(i, 6)),
                   static_cast<int>(rows.integer(i, 7)), rows.time(i, 8)});
  return out;
}

void park(Connection& connection, const std::vector<ParkedInput>& parked, Timestamp now) {
  std::size_t n = parked.size();
  Array shards = Array::of_smallint(n), keys = Array::of_text(n), sagas = Array::of_text(n), kinds = Array::of_text(n),
        codes = Array::of_text(n), reasons = Array::of_text(n), data = Array::of_bytea(n);
  for (const ParkedInput& p : parked) {
    shards.add(p.shard.value);
    keys.add(stream_key(p.saga));
    sagas.add(p.saga);
    kinds.add(p.kind);
    codes.add(p.code);
    reasons.add(p.reason);
    data.add(p.data);
  }
  Parameters parameters;
  parameters.add(std::move(shards)).add(std::move(keys)).add(std::move(sagas)).add(std::move(kinds));
  parameters.add(std::move(codes)).add(std::move(reasons)).add(std::move(data)).add(now).add(kNever);
  connection.exec(kPark, parameters);
}

}  // namespace

void write_parking(Connection& connection, const TurnWrite& turn, Timestamp now) {
  if (!turn.unparked.empty()) connection.exec(kUnpark, Parameters().add(array_of(turn.unparked)));
  if (!turn.parked.empty()) park(connection, turn.parked, now);
  if (!turn.operator_done.empty()) connection.exec(kOperatorDone, Parameters().add(array_of(turn.operator_done)));
}

std::vector<ParkedInput> read_parked(Connection& connection, std::span<const ShardHead> locked, std::span<const std::int64_t> ids) {
  if (ids.empty()) return {};
  std::vector<Shard> shards;
  for (const ShardHead& head : locked) shards.push_back(head.shard);
  return parked_of(connection.exec(kReadParked, Parameters().add(array_of(ids)).add(array_of(shards))));
}

std::vector<ParkedInput> parked_inputs(Connection& connection, std::span<const Shard> shards) {
  return parked_of(connection.exec(kParkedInputs, Parameters().add(array_of(shards))));
}

std::vector<OperatorCommand> operator_commands(Connection& connection, std::span<const Shard> shards, std::size_t limit) {
  auto most = static_cast<std::int64_t>(std::min<std::size_t>(limit, std::size_t{1} << 40));
  Rows rows = connection.exec(kOperatorCommands, Parameters().add(array_of(shards)).add(most));
  std::vector<OperatorCommand> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back({rows.integer(i, 0), Shard(static_cast<std::int16_t>(rows.integer(i, 1))), std::string(rows.text(i, 2)),
                   std::string(rows.text(i, 3)), std::string(rows.text(i, 4)), std::string(rows.text(i, 5)), std::string(rows.text(i, 6)),
                   rows.bytes(i, 7)});
  return out;
}

}  // namespace ordersaga::events::postgres
