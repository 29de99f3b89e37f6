#include "events/stuck_writers.h"

#include <utility>

#include "events/errors.h"

namespace ordersaga::events {

using namespace runtime::postgres;

namespace {

// Of other roles' sessions only the name is visible, and none of them is ended. A terminated session is waited for, so that
// the shard is free when the caller begins again. How long its client took to read a result is part of a turn's age too.
constexpr Statement kHolders = {
    "stuck_holders",
    "WITH holders AS MATERIALIZED ("
    "  SELECT DISTINCT a.pid, a.usename, coalesce(a.state, '') AS state, coalesce(a.wait_event, '') AS waits_for, "
    "         (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint AS age "
    "  FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid "
    "  WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "    AND l.classid = $1::integer AND l.objsubid = 2 AND l.granted AND a.pid <> pg_backend_pid() "
    "    AND (cardinality($2::integer[]) = 0 OR l.objid = ANY ($2::integer[]))"
    ") SELECT pid, usename, age, state, waits_for, "
    "    CASE WHEN usename = current_user AND age >= $3::bigint THEN pg_terminate_backend(pid, 2000) END "
    "FROM holders ORDER BY pid"};

std::string holder(const Rows& rows, std::size_t i) {
  std::string text = "session " + std::string(rows.text(i, 0));
  if (rows.is_null(i, 2)) return text + " of the role " + std::string(rows.text(i, 1));
  text += " has held it for up to " + std::string(rows.text(i, 2)) + " ms (" + std::string(rows.text(i, 3));
  if (!rows.text(i, 4).empty()) text += ", " + std::string(rows.text(i, 4));
  return text + ")";
}

}  // namespace

void throw_shard_busy(Connection& connection, std::span<const Shard> shards, std::chrono::milliseconds limit, const std::string& what) {
  Array wanted = Array::of_integer(shards.size());
  for (Shard s : shards) wanted.add(static_cast<std::int32_t>(s.value));
  std::string message = what;
  int terminated = 0;
  Rows rows = connection.exec(
      kHolders,
      Parameters().add(static_cast<std::int32_t>(kShardLocks)).add(std::move(wanted)).add(static_cast<std::int64_t>(limit.count())));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    message += "; " + holder(rows, i);
    if (rows.is_null(i, 5)) continue;
    ++terminated;
    message += rows.boolean(i, 5) ? " and was terminated" : " and was told to end, which it has not done yet";
  }
  throw ShardBusy(message, terminated);
}

}  // namespace ordersaga::events
