#include "events/postgres_wakeups.h"

#include <utility>

namespace ordersaga::events::postgres {

using namespace runtime::postgres;

namespace {

// Nobody else writes the rows of a shard that is locked, so a row that was looked up once can be named by its place, and what was
// not there can be inserted plainly: ON CONFLICT would log each row twice, and lock what it updates. A LATERAL with an OFFSET stays a
// loop of look-ups.
constexpr Statement kWriteWakeups = {
    "turn_write_wakeups",
    "WITH n AS MATERIALIZED ("
    "  SELECT a.*, w.ctid AS place, (w.due_at, w.effect_outstanding) IS DISTINCT FROM (a.due_at, a.effect_outstanding) AS moved "
    "  FROM unnest($1::smallint[], $2::text[], $3::timestamptz[], $4::boolean[], $5::boolean[]) "
    "    AS a (shard, saga, due_at, effect_outstanding, ended) "
    "  LEFT JOIN LATERAL (SELECT u.ctid, u.due_at, u.effect_outstanding FROM log.wakeups AS u "
    "                     WHERE u.shard = a.shard AND u.saga = a.saga OFFSET 0) AS w ON true"
    "), moved AS ("
    "  UPDATE log.wakeups AS w SET due_at = n.due_at, effect_outstanding = n.effect_outstanding FROM n "
    "  WHERE w.ctid = n.place AND n.moved AND NOT n.ended"
    "), gone AS ("
    "  DELETE FROM log.wakeups AS w USING n WHERE w.ctid = n.place AND n.ended"
    ") INSERT INTO log.wakeups (shard, saga, due_at, effect_outstanding) "
    "SELECT n.shard, n.saga, n.due_at, n.effect_outstanding FROM n WHERE n.place IS NULL AND NOT n.ended"};

}  // namespace

void write_wakeups(Connection& connection, const std::vector<Wakeup>& set, const std::vector<Wakeup>& ended) {
  std::size_t n = set.size() + ended.size();
  if (n == 0) return;
  Array shards = Array::of_smallint(n), sagas = Array::of_text(n), dues = Array::of_timestamptz(n), outstanding = Array::of_boolean(n),
        over = Array::of_boolean(n);
  auto add = [&](const Wakeup& w, bool has_ended) {
    shards.add(w.shard.value);
    sagas.add(w.saga);
    dues.add(w.due_at);
    outstanding.add(w.effect_outstanding);
    over.add(has_ended);
  };
  for (const Wakeup& w : set) add(w, false);
  for (const Wakeup& w : ended) add(w, true);
  Parameters parameters;
  parameters.add(std::move(shards)).add(std::move(sagas)).add(std::move(dues)).add(std::move(outstanding)).add(std::move(over));
  connection.exec(kWriteWakeups, parameters);
}

}  // namespace ordersaga::events::postgres
