#include "events/postgres_appends.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "events/errors.h"
#include "events/turn_rules.h"
#include "runtime/postgres/errors.h"

namespace ordersaga::events::postgres {

using namespace runtime::postgres;

namespace {

// Inserts all or, when a stream has another last version than the turn expects, nothing, and gives that stream. Arrays of rows
// are unnested in the select list: in FROM each of them would be stored, and all once more together, before the first row.
constexpr Statement kInsertRecords = {
    "turn_insert_records",
    "WITH wrong AS MATERIALIZED ("
    "  SELECT a.stream FROM unnest($1::smallint[], $2::text[], $3::integer[]) AS a (shard, stream, first) "
    "  WHERE a.first <> 1 + coalesce((SELECT e.version FROM log.events AS e WHERE e.shard = a.shard AND e.stream = a.stream "
    "                                 ORDER BY e.version DESC LIMIT 1), 0) LIMIT 1"
    "), inserted AS ("
    "  INSERT INTO log.events (shard, position, stream, version, type, payload, metadata, recorded_at) "
    "  SELECT unnest($4::smallint[]), unnest($5::bigint[]), unnest($6::text[]), unnest($7::integer[]), unnest($8::smallint[]), "
    "         unnest($9::bytea[]), unnest($10::bytea[]), $11::timestamptz "
    "  WHERE NOT EXISTS (SELECT FROM wrong)"
    ") SELECT stream FROM wrong"};

constexpr Statement kInsertInbox = {
    "turn_insert_inbox",
    "INSERT INTO log.inbox (shard, key, message_id, hash, position, source, recorded_at) "
    "SELECT unnest($1::smallint[]), unnest($2::text[]), unnest($3::text[]), unnest($4::bytea[]), unnest($5::bigint[]), "
    "       unnest($6::text[]), $7::timestamptz"};

constexpr std::string_view kUniqueViolation = "23505";

// A shard's rows go to one leaf: one after the other they find its pages in the processor's caches.
std::vector<std::size_t> by_shard(const std::vector<NewRecord>& records) {
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return records[i].shard; });
  return order;
}

// What one kInsertRecords takes, roughly: the connection's buffer holds a statement whole, and keeps its largest size for ever.
constexpr std::size_t kInsertBytes = 512 * 1024;

// The records from `next` on, in the order of `order`, that one statement takes, at least one. Returns where the rest begins.
std::size_t add_records(const std::vector<NewRecord>& records, const std::vector<Position>& positions, std::span<const std::size_t> order,
                        std::size_t next, Parameters& parameters) {
  const std::size_t begin = next;
  std::size_t bytes = 0;
  for (; next < order.size() && (next == begin || bytes < kInsertBytes); ++next) {
    const NewRecord& r = records[order[next]];
    bytes += r.stream.size() + r.payload.size() + r.metadata.size();
  }
  const std::size_t n = next - begin;
  Array shards = Array::of_smallint(n), places = Array::of_bigint(n), streams = Array::of_text(n), versions = Array::of_integer(n),
        types = Array::of_smallint(n), payloads = Array::of_bytea(n), metadata = Array::of_bytea(n);
  for (std::size_t i : order.subspan(begin, n)) {
    const NewRecord& r = records[i];
    shards.add(r.shard.value);
    places.add(positions[i].value);
    if (r.stream.empty()) {
      streams.null();
      versions.null();
    } else {
      streams.add(r.stream);
      versions.add(r.version.value);
    }
    types.add(r.type.value);
    payloads.add(r.payload);
    metadata.add(r.metadata);
  }
  parameters.add(std::move(shards)).add(std::move(places)).add(std::move(streams)).add(std::move(versions));
  parameters.add(std::move(types)).add(std::move(payloads)).add(std::move(metadata));
  return next;
}

// The rows of these two tables have no CHECK that a checked turn can break: what 23514 says is that there is no partition.
template <class F>
auto into_partitions(const char* table, F&& insert) {
  try {
    return insert();
  } catch (const DataRefused& e) {
    if (e.sqlstate != "23514") throw;
    throw StoreMisconfigured(std::string(table) + " has no partition for a record of this turn: " + e.what() +
                             "; SELECT log.maintain(), or sagactl db migrate, makes it");
  }
}

}  // namespace

std::optional<VersionConflict> insert_records(Connection& connection, const TurnWrite& turn, const std::vector<Position>& positions,
                                              const SeenStreams& seen, Timestamp now) {
  if (turn.records.empty()) return std::nullopt;
  std::string conflict;
  std::vector<StreamAppend> appends = stream_appends(turn, conflict);
  if (!conflict.empty()) return VersionConflict{conflict};
  Array in_shards = Array::of_smallint(appends.size()), names = Array::of_text(appends.size()), firsts = Array::of_integer(appends.size());
  for (const StreamAppend& a : appends) {
    if (std::optional<Version> last = seen.last(a.stream)) {
      if (a.first != last->next()) return VersionConflict{std::string(a.stream)};
      continue;
    }
    if (turn.versions_are_known) continue;
    in_shards.add(a.shard.value);
    names.add(a.stream);
    firsts.add(a.first.value);
  }
  const std::vector<std::size_t> order = by_shard(turn.records);
  for (std::size_t next = 0; next < order.size();) {
    // All streams are looked at by the first statement.
    Parameters parameters;
    parameters.add(std::exchange(in_shards, Array::of_smallint()));
    parameters.add(std::exchange(names, Array::of_text()));
    parameters.add(std::exchange(firsts, Array::of_integer()));
    next = add_records(turn.records, positions, order, next, parameters);
    parameters.add(now);
    try {
      Rows wrong = into_partitions("log.events", [&] { return connection.exec(kInsertRecords, parameters); });
      if (!wrong.empty()) return VersionConflict{std::string(wrong.text(0, 0))};
    } catch (const DataRefused& e) {
      if (e.sqlstate != kUniqueViolation) throw;
      return VersionConflict{};  // the server names a leaf's values only to who may read that leaf
    }
  }
  return std::nullopt;
}

void insert_inbox(Connection& connection, const TurnWrite& turn, const std::vector<Position>& positions, Timestamp now) {
  if (turn.inbox.empty()) return;
  std::size_t n = turn.inbox.size();
  Array shards = Array::of_smallint(n), keys = Array::of_text(n), ids = Array::of_text(n), hashes = Array::of_bytea(n),
        places = Array::of_bigint(n), sources = Array::of_text(n);
  for (const NewInboxEntry& e : turn.inbox) {
    shards.add(e.id.shard.value);
    keys.add(e.id.key);
    ids.add(e.id.message_id);
    hashes.add(e.hash);
    places.add(positions[e.record].value);
    sources.add(e.source);
  }
  Parameters parameters;
  parameters.add(std::move(shards)).add(std::move(keys)).add(std::move(ids)).add(std::move(hashes));
  parameters.add(std::move(places)).add(std::move(sources)).add(now);
  into_partitions("log.inbox", [&] { return connection.exec(kInsertInbox, parameters); });
}

}  // namespace ordersaga::events::postgres
