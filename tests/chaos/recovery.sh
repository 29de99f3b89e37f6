# shellcheck shell=bash
# How long it took after a dependency came back until orders ended again. Sourced after system.sh.
#
# shellcheck disable=SC2154  # folder: system.sh
declare -A gone_at=()

# gone KIND, back KIND: a dependency stops answering, and answers again.
gone() { gone_at[$1]=$EPOCHREALTIME; }
back() { printf '%s,%s,%s\n' "$1" "${gone_at[$1]}" "$EPOCHREALTIME" >>"$folder/outages.csv"; }

# Prints a line for each outage: how long the dependency was away, and how long after its return the first order was completed
# that had been placed after it. The log says when. "+": another dependency was away meanwhile.
print_recoveries() {
  [[ -e $folder/outages.csv ]] || return 0
  psql -q -X -v ON_ERROR_STOP=1 -d "${ORDERSAGA_TEST_DATABASE/dbname=postgres/dbname=ordersaga}" <<SQL
CREATE TEMP TABLE outages(kind text, gone float8, back float8);
\copy outages FROM '$folder/outages.csv' CSV
CREATE TEMP TABLE orders AS
  SELECT stream, extract(epoch FROM min(recorded_at) FILTER (WHERE t.name = 'ordersaga.order.v1.OrderPlaced'))::float8 AS placed,
    extract(epoch FROM min(recorded_at) FILTER (WHERE t.name = 'ordersaga.order.v1.OrderCompleted'))::float8 AS completed
  FROM log.events e JOIN log.event_types t ON t.number = e.type
  WHERE t.name IN ('ordersaga.order.v1.OrderPlaced', 'ordersaga.order.v1.OrderCompleted') GROUP BY stream;
CREATE TEMP TABLE recoveries AS
  SELECT o.kind, o.gone, o.back, r.completed,
    EXISTS (SELECT FROM outages other WHERE other.gone < r.completed AND other.back > o.gone AND other.ctid <> o.ctid) AS mixed
  FROM outages o, LATERAL (SELECT min(completed) AS completed FROM orders WHERE placed > o.back) r;
\pset footer off
\echo seconds from the return of a dependency to the completion of the first order that was placed after it
SELECT kind, round((back - gone)::numeric, 1) AS away, round((completed - back)::numeric, 1) AS until_completed,
  CASE WHEN mixed THEN '+' ELSE '' END AS others_away FROM recoveries ORDER BY kind, gone;
SELECT kind, count(*) FILTER (WHERE NOT mixed) AS alone,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY completed - back) FILTER (WHERE NOT mixed)::numeric, 1) AS median,
  round(max(completed - back) FILTER (WHERE NOT mixed)::numeric, 1) AS longest,
  count(*) FILTER (WHERE mixed) AS with_others, round(max(completed - back) FILTER (WHERE mixed)::numeric, 1) AS longest_with_others
  FROM recoveries GROUP BY kind ORDER BY kind;
SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY completed - placed)::numeric, 1) AS median_order,
  round(max(completed - placed)::numeric, 1) AS longest_order, count(completed) AS completed FROM orders;
SQL
}
