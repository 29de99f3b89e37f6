#include "events/postgres_wakeups.h"

#include <utility>

namespace ordersaga::events::postgres {

using namespace runtime::postgres;

namespace {

// Nobody else writes the rows of a shard that is locked, so what is not there can be inserted plainly: ON CONFLICT would log each
// row twice, and lock what it updates.
constexpr Statement kSetWakeups = {
    "turn_set_wakeups",
    "WITH n AS MATERIALIZED (SELECT unnest($1::smallint[]) AS shard, unnest($2::text[]) AS saga, unnest($3::timestamptz[]) AS due_at, "
    "                               unnest($4::boolean[]) AS effect_outstanding), "
    "moved AS ("
    "  UPDATE log.wakeups AS w SET due_at = n.due_at, effect_outstanding = n.effect_outstanding FROM n "
    "  WHERE w.shard = n.shard AND w.saga = n.saga "
    "    AND (w.due_at, w.effect_outstanding) IS DISTINCT FROM (n.due_at, n.effect_outstanding)"
    ") INSERT INTO log.wakeups (shard, saga, due_at, effect_outstanding) SELECT n.* FROM n "
    "WHERE NOT EXISTS (SELECT FROM log.wakeups AS w WHERE w.shard = n.shard AND w.saga = n.saga)"};

constexpr Statement kEndWakeups = {"turn_end_wakeups",
                                   "DELETE FROM log.wakeups AS w USING unnest($1::smallint[], $2::text[]) AS e (shard, saga) "
                                   "WHERE w.shard = e.shard AND w.saga = e.saga"};

}  // namespace

void set_wakeups(Connection& connection, const std::vector<Wakeup>& wakeups) {
  if (wakeups.empty()) return;
  std::size_t n = wakeups.size();
  Array shards = Array::of_smallint(n), sagas = Array::of_text(n), dues = Array::of_timestamptz(n), outstanding = Array::of_boolean(n);
  for (const Wakeup& w : wakeups) {
    shards.add(w.shard.value);
    sagas.add(w.saga);
    dues.add(w.due_at);
    outstanding.add(w.effect_outstanding);
  }
  connection.exec(kSetWakeups, Parameters().add(std::move(shards)).add(std::move(sagas)).add(std::move(dues)).add(std::move(outstanding)));
}

void end_wakeups(Connection& connection, const std::vector<Wakeup>& ended) {
  if (ended.empty()) return;
  Array shards = Array::of_smallint(ended.size()), sagas = Array::of_text(ended.size());
  for (const Wakeup& w : ended) {
    shards.add(w.shard.value);
    sagas.add(w.saga);
  }
  connection.exec(kEndWakeups, Parameters().add(std::move(shards)).add(std::move(sagas)));
}

}  // namespace ordersaga::events::postgres
