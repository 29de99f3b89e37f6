#include "events/postgres_custody.h"

namespace ordersaga::events::postgres {

using namespace runtime::postgres;

namespace {

// In the order of the shards, so that two who take several meet without a deadlock.
constexpr Statement kTake = {"store_take_custody",
                             "INSERT INTO log.custody AS c (shard, owner, taken_at) "
                             "SELECT s.shard, $2::text, clock_timestamp() FROM unnest($1::smallint[]) AS s (shard) ORDER BY s.shard "
                             "ON CONFLICT (shard) DO UPDATE SET owner = excluded.owner, taken_at = excluded.taken_at, "
                             "  unclean_exits = CASE WHEN c.owner IS NULL THEN 0 ELSE c.unclean_exits + 1 END "
                             "RETURNING shard, unclean_exits"};

constexpr Statement kSettle = {"store_settle_custody",
                               "UPDATE log.custody SET unclean_exits = 0 WHERE shard = ANY ($1::smallint[]) AND owner = $2::text"};

constexpr Statement kRelease = {"store_release_custody",
                                "UPDATE log.custody SET owner = NULL, unclean_exits = 0 "
                                "WHERE shard = ANY ($1::smallint[]) AND owner = $2::text"};

// They must outlive this process, not the server: no flush.
constexpr Statement kNote = {"store_note_attempt",
                             "WITH unflushed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) "
                             "INSERT INTO log.attempts AS a (shard, input, attempts, noted_at) "
                             "SELECT $1::smallint, $2::text, 1, clock_timestamp() FROM unflushed "
                             "ON CONFLICT (shard, input) DO UPDATE SET attempts = a.attempts + 1, noted_at = excluded.noted_at "
                             "RETURNING attempts"};

constexpr Statement kClear = {"store_clear_attempt",
                              "WITH unflushed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) "
                              "DELETE FROM log.attempts USING unflushed WHERE shard = $1::smallint AND input = $2::text"};

Array array_of(std::span<const Shard> shards) {
  Array out = Array::of_smallint(shards.size());
  for (Shard s : shards) out.add(s.value);
  return out;
}

}  // namespace

std::vector<Custody> take_custody(Connection& connection, std::span<const Shard> shards, std::string_view owner) {
  Rows rows = connection.exec(kTake, Parameters().add(array_of(shards)).add(owner));
  std::vector<Custody> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back({Shard(static_cast<std::int16_t>(rows.integer(i, 0))), static_cast<int>(rows.integer(i, 1))});
  return out;
}

void settle_custody(Connection& connection, std::span<const Shard> shards, std::string_view owner) {
  connection.exec(kSettle, Parameters().add(array_of(shards)).add(owner));
}

void release_custody(Connection& connection, std::span<const Shard> shards, std::string_view owner) {
  connection.exec(kRelease, Parameters().add(array_of(shards)).add(owner));
}

int note_attempt(Connection& connection, Shard shard, std::string_view input) {
  return static_cast<int>(connection.exec(kNote, Parameters().add(shard.value).add(input)).integer(0, 0));
}

void clear_attempt(Connection& connection, Shard shard, std::string_view input) {
  connection.exec(kClear, Parameters().add(shard.value).add(input));
}

}  // namespace ordersaga::events::postgres
