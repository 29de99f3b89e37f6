# shellcheck shell=bash
# How long it took after a dependency came back until orders ended again. Sourced after system.sh.
#
# shellcheck disable=SC2154  # folder: system.sh
declare -A gone_at=()

# gone KIND, back KIND: a dependency stops answering, and answers again.
gone() { gone_at[$1]=$EPOCHREALTIME; }
back() { printf '%s,%s,%s\n' "$1" "${gone_at[$1]}" "$EPOCHREALTIME" >>"$folder/outages.csv"; }

# Prints a line for each outage: how long the dependency was away, and how long after its return the first order was confirmed,
# and completed, of those that were placed after it. The log says when. "+": another dependency was away meanwhile.
print_recoveries() {
  [[ -e $folder/outages.csv ]] || return 0
  psql -q -X -v ON_ERROR_STOP=1 -d "${ORDERSAGA_TEST_DATABASE/dbname=postgres/dbname=ordersaga}" <<SQL
CREATE TEMP TABLE outages(kind text, gone float8, back float8);
\copy outages FROM '$folder/outages.csv' CSV
CREATE TEMP TABLE orders AS
  SELECT stream, min(at) FILTER (WHERE name = 'OrderPlaced') AS placed, min(at) FILTER (WHERE name = 'OrderConfirmed') AS confirmed,
    min(at) FILTER (WHERE name = 'OrderCompleted') AS completed
  FROM (SELECT e.stream, replace(t.name, 'ordersaga.order.v1.', '') AS name, extract(epoch FROM e.recorded_at)::float8 AS at
    FROM log.events e JOIN log.event_types t ON t.number = e.type WHERE t.name LIKE 'ordersaga.order.v1.Order%') all_events
  GROUP BY stream;
CREATE TEMP TABLE recoveries AS
  SELECT o.kind, o.gone, o.back - o.gone AS away, c.at - o.back AS confirmed, d.at - o.back AS completed,
    EXISTS (SELECT FROM outages other WHERE other.gone < d.at AND other.back > o.gone AND other.ctid <> o.ctid) AS mixed
  FROM outages o, LATERAL (SELECT min(confirmed) AS at FROM orders WHERE placed > o.back) c,
    LATERAL (SELECT min(completed) AS at FROM orders WHERE placed > o.back) d;
\pset footer off
\echo seconds from the return of a dependency until the first order that was placed after it was confirmed, and completed
SELECT kind, round(away::numeric, 1) AS away, round(confirmed::numeric, 1) AS until_confirmed,
  round(completed::numeric, 1) AS until_completed, CASE WHEN mixed THEN '+' ELSE '' END AS others_away FROM recoveries ORDER BY kind, gone;
\echo of all orders
SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY confirmed - placed)::numeric, 1) AS median_until_confirmed,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY completed - placed)::numeric, 1) AS median_until_completed,
  round(max(completed - placed)::numeric, 1) AS longest, count(completed) AS completed FROM orders;
SQL
}
