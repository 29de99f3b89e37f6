#include "events/postgres_turn.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "events/detached_leaves.h"
#include "events/errors.h"
#include "events/postgres_errors.h"
#include "events/postgres_parking.h"
#include "events/postgres_reads.h"
#include "events/postgres_wakeups.h"
#include "events/stuck_writers.h"
#include "events/turn_rules.h"

namespace ordersaga::events {

using namespace runtime::postgres;

namespace {

// A LATERAL with its own LIMIT or OFFSET stays a loop of index look-ups, each in the one shard that the row names.
constexpr Statement kHeads = {"turn_heads",
                              "SELECT i.epoch, i.shards, (SELECT clock_timestamp()), i.inbox_days, i.inbox_floor, i.detached_leaves, "
                              "w.shard, h.position, h.recorded_at, h.metadata "
                              "FROM log.installation AS i, unnest($1::smallint[]) WITH ORDINALITY AS w (shard, n) "
                              "LEFT JOIN LATERAL (SELECT e.position, e.recorded_at, e.metadata FROM log.events AS e "
                              "                   WHERE e.shard = w.shard ORDER BY e.position DESC LIMIT 1) AS h ON true "
                              "ORDER BY w.n"};

constexpr Statement kFindInbox = {"turn_find_inbox",
                                  "SELECT k.n, i.hash, i.position, i.source "
                                  "FROM unnest($1::smallint[], $2::text[], $3::text[]) WITH ORDINALITY AS k (shard, key, message_id, n) "
                                  "JOIN log.inbox AS i ON i.shard = k.shard AND i.key = k.key AND i.message_id = k.message_id"};

constexpr Statement kReadStreams = {
    "turn_read_streams", "SELECT " ORDERSAGA_RECORD_COLUMNS
                         " FROM unnest($1::smallint[], $2::text[], $3::text[]) AS w (shard, low, high) "
                         "CROSS JOIN LATERAL (SELECT * FROM log.events AS e "
                         "                    WHERE e.shard = w.shard AND e.stream >= w.low AND e.stream < w.high OFFSET 0) AS e "
                         "ORDER BY e.stream, e.version"};

constexpr const char* kLevels =
    "SELECT s.sku, s.location, s.on_hand, s.reserved FROM unnest($1::text[]) AS w (sku) "
    "JOIN log.stock AS s ON s.pool = 0 AND s.sku = w.sku ORDER BY s.pool, s.sku, s.location";
constexpr Statement kReadLevels = {"turn_read_levels", kLevels};
constexpr Statement kLockLevels = {"turn_lock_levels",
                                   "SELECT s.sku, s.location, s.on_hand, s.reserved FROM unnest($1::text[]) AS w (sku) "
                                   "JOIN log.stock AS s ON s.pool = 0 AND s.sku = w.sku ORDER BY s.pool, s.sku, s.location "
                                   "FOR UPDATE OF s"};

constexpr Statement kReadRecords = {
    "turn_read_records",
    "SELECT " ORDERSAGA_RECORD_COLUMNS
    " FROM unnest($1::smallint[], $2::bigint[]) AS w (shard, position) "
    "CROSS JOIN LATERAL (SELECT * FROM log.events AS e WHERE e.shard = w.shard AND e.position = w.position OFFSET 0) AS e "
    "ORDER BY e.shard, e.position"};

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

// In key order, as every statement that locks levels.
constexpr Statement kCreateLevels = {"turn_create_levels",
                                     "INSERT INTO log.stock (pool, sku, location, on_hand, reserved) "
                                     "SELECT 0, c.sku, c.location, 0, 0 FROM unnest($1::text[], $2::text[]) AS c (sku, location) "
                                     "ORDER BY c.sku COLLATE \"C\", c.location COLLATE \"C\" ON CONFLICT DO NOTHING"};

// Locks the rows in key order, looks, and changes those that stay at or above zero. The rows it does not give are refused.
// A plain UPDATE … FROM would lock in the heap's order, and so deadlock with another turn.
constexpr Statement kChangeLevels = {
    "turn_change_levels",
    "WITH d AS MATERIALIZED ("
    "  SELECT s.pool, s.sku, s.location, s.on_hand + c.on_hand AS on_hand, s.reserved + c.reserved AS reserved "
    "  FROM log.stock AS s JOIN unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS c (sku, location, on_hand, reserved) "
    "    ON s.pool = 0 AND s.sku = c.sku AND s.location = c.location "
    "  ORDER BY s.pool, s.sku, s.location FOR UPDATE OF s"
    ") UPDATE log.stock AS s SET on_hand = d.on_hand, reserved = d.reserved FROM d "
    "WHERE s.pool = d.pool AND s.sku = d.sku AND s.location = d.location AND d.on_hand >= 0 AND d.reserved >= 0 "
    "RETURNING s.sku, s.location"};

// What one kInsertRecords takes, roughly: the connection's buffer holds a statement whole, and keeps its largest size for ever.
constexpr std::size_t kInsertBytes = 512 * 1024;

// The records from `next` on that one statement takes, at least one. Returns the place of the first that it does not take.
std::size_t add_records(const std::vector<NewRecord>& records, const std::vector<Position>& positions, std::size_t next,
                        Parameters& parameters) {
  const std::size_t begin = next;
  std::size_t bytes = 0;
  for (; next < records.size() && (next == begin || bytes < kInsertBytes); ++next)
    bytes += records[next].stream.size() + records[next].payload.size() + records[next].metadata.size();
  const std::size_t n = next - begin;
  Array shards = Array::of_smallint(n), places = Array::of_bigint(n), streams = Array::of_text(n), versions = Array::of_integer(n),
        types = Array::of_smallint(n), payloads = Array::of_bytea(n), metadata = Array::of_bytea(n);
  for (std::size_t i = begin; i < next; ++i) {
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

PostgresTurn::PostgresTurn(Connection& connection, int shards, std::span<const Shard> locked, std::chrono::milliseconds holder_limit)
    : connection_(connection), shards_(shards), holder_limit_(holder_limit) {
  try {
    read_heads(locked);
  } catch (...) {
    connection_.rollback();
    throw;
  }
}

PostgresTurn::~PostgresTurn() {
  if (state_ != State::ended) connection_.rollback();
}

// A stopped turn of another shard may be what holds the rows: nobody waits at its lock, so it is found from here.
template <class F>
auto PostgresTurn::among_other_turns(F&& f) -> decltype(f()) {
  return as_store_errors([&] {
    try {
      return f();
    } catch (const LockTimeout& e) {
      state_ = State::ended;
      connection_.rollback();
      throw_shard_busy(connection_, {}, holder_limit_, e.what());
    }
  });
}

void PostgresTurn::read_heads(std::span<const Shard> locked) {
  Array wanted = Array::of_smallint(locked.size());
  for (Shard s : locked) wanted.add(s.value);
  Rows rows = connection_.exec(kHeads, Parameters().add(std::move(wanted)));
  if (rows.size() != locked.size() || rows.integer(0, 1) != shards_)
    throw StoreMisconfigured("the log is another one than when this session began: restart the program");
  epoch_ = Epoch(static_cast<std::int32_t>(rows.integer(0, 0)));
  clock_ = rows.time(0, 2);
  inbox_since_ = std::max(clock_ - std::chrono::hours(24 * rows.integer(0, 3)), rows.time(0, 4)) + kInboxMargin;
  has_archive_ = rows.integer(0, 5) > 0;
  for (std::size_t i = 0; i < rows.size(); ++i) heads_.push_back(head_of(rows, i, 6));
}

void PostgresTurn::require_locked(Shard shard) const {
  for (const ShardHead& h : heads_)
    if (h.shard == shard) return;
  throw std::logic_error("shard " + std::to_string(shard.value) + " is not locked by this turn");
}

std::vector<InboxEntry> PostgresTurn::find_inbox(std::span<const InboxKey> keys) {
  std::vector<InboxEntry> found;
  if (keys.empty()) return found;
  Array shards = Array::of_smallint(keys.size()), names = Array::of_text(keys.size()), ids = Array::of_text(keys.size());
  for (const InboxKey& k : keys) {
    require_storable(k.key, "a command's key");
    require_storable(k.message_id, "a command's id");
    shards.add(k.shard.value);
    names.add(k.key);
    ids.add(k.message_id);
  }
  Rows rows = as_store_errors(
      [&] { return connection_.exec(kFindInbox, Parameters().add(std::move(shards)).add(std::move(names)).add(std::move(ids))); });
  for (std::size_t i = 0; i < rows.size(); ++i)
    found.push_back({keys[static_cast<std::size_t>(rows.integer(i, 0) - 1)], rows.bytes(i, 1), Position(rows.integer(i, 2)),
                     std::string(rows.text(i, 3))});
  return found;
}

std::vector<RecordedEvent> PostgresTurn::read_streams(std::span<const std::string> streams) {
  std::set<std::string_view> names(streams.begin(), streams.end());
  if (names.empty()) return {};
  Array shards = Array::of_smallint(names.size()), lows = Array::of_text(names.size()), highs = Array::of_text(names.size());
  std::string_view prefix;  // the last one; what it covers follows it
  for (std::string_view name : names) {
    require_storable(name, "a stream's name");
    if (!prefix.empty() && name.starts_with(prefix)) continue;
    Shard shard = shard_of_stream(name, shards_);
    require_locked(shard);
    bool is_prefix = name.ends_with('.');
    if (is_prefix) prefix = name;
    shards.add(shard.value);
    lows.add(name);
    // In the collation "C" nothing lies between a name and the same with the smallest character behind it; and what begins
    // with "x." lies below "x/".
    highs.add(is_prefix ? std::string(name.substr(0, name.size() - 1)) + '/' : std::string(name) + '\x01');
  }
  return as_store_errors([&] {
    if (has_archive_) require_not_archived(connection_, std::vector(names.begin(), names.end()), shards_);
    std::vector<RecordedEvent> records =
        records_of(connection_.exec(kReadStreams, Parameters().add(std::move(shards)).add(std::move(lows)).add(std::move(highs))));
    seen_.add(streams, records);
    return records;
  });
}

std::vector<StockLevel> PostgresTurn::read_levels(std::span<const std::string> skus, LockRows lock) {
  std::set<std::string_view> wanted(skus.begin(), skus.end());
  if (wanted.empty()) return {};
  Array names = Array::of_text(wanted.size());
  for (std::string_view sku : wanted) {
    require_storable(sku, "a SKU");
    names.add(sku);
  }
  return among_other_turns(
      [&] { return levels_of(connection_.exec(lock == LockRows::yes ? kLockLevels : kReadLevels, Parameters().add(std::move(names)))); });
}

std::vector<RecordedEvent> PostgresTurn::read_records(std::span<const std::pair<Shard, Position>> places) {
  std::set<std::pair<Shard, Position>> wanted(places.begin(), places.end());
  if (wanted.empty()) return {};
  Array shards = Array::of_smallint(wanted.size()), positions = Array::of_bigint(wanted.size());
  for (const auto& [shard, position] : wanted) {
    shards.add(shard.value);
    positions.add(position.value);
  }
  return as_store_errors([&] {
    std::vector<RecordedEvent> records =
        records_of(connection_.exec(kReadRecords, Parameters().add(std::move(shards)).add(std::move(positions))));
    if (has_archive_ && records.size() < wanted.size()) {
      for (const RecordedEvent& r : records) wanted.erase({r.shard, r.position});
      require_not_detached(connection_, {wanted.begin()->first, wanted.begin()->second});
    }
    return records;
  });
}

std::vector<ParkedInput> PostgresTurn::read_parked(std::span<const std::int64_t> ids) {
  return as_store_errors([&] { return postgres::read_parked(connection_, heads_, ids); });
}

WriteOutcome PostgresTurn::write(const TurnWrite& turn, Timestamp now) {
  if (state_ != State::open || written_) throw std::logic_error("a turn is written once");
  state_ = State::failed;
  check_turn(turn, now, heads_);
  std::vector<Position> positions = positions_of(turn);
  std::string conflict;
  std::vector<StockDelta> refused;
  among_other_turns([&] {
    conflict = insert_records(turn, positions, now);
    if (!conflict.empty()) return;
    insert_inbox(turn, positions, now);
    postgres::write_wakeups(connection_, turn.wakeups, turn.ended);
    postgres::write_parking(connection_, turn, now);
    // Last: these rows are shared by all shards, and are held until the commit.
    refused = change_stock(turn.stock);
  });
  if (!conflict.empty()) return VersionConflict{conflict};
  if (!refused.empty()) return StockRefused{std::move(refused)};
  state_ = State::open;
  written_ = true;
  return Written{std::move(positions)};
}

void PostgresTurn::commit() {
  if (state_ != State::open) throw std::logic_error("a turn that failed cannot be committed");
  state_ = State::ended;
  as_store_errors([&] { connection_.commit(); });
}

std::vector<Position> PostgresTurn::positions_of(const TurnWrite& turn) const {
  std::map<Shard, Position> last;
  for (const ShardHead& h : heads_) last[h.shard] = h.position;
  std::vector<Position> positions;
  positions.reserve(turn.records.size());
  for (const NewRecord& r : turn.records) {
    Position& p = last[r.shard];
    p = p.next();
    positions.push_back(p);
  }
  return positions;
}

std::string PostgresTurn::insert_records(const TurnWrite& turn, const std::vector<Position>& positions, Timestamp now) {
  if (turn.records.empty()) return {};
  std::string conflict;
  std::vector<StreamAppend> appends = stream_appends(turn, conflict);
  if (!conflict.empty()) return conflict;
  Array in_shards = Array::of_smallint(appends.size()), names = Array::of_text(appends.size()), firsts = Array::of_integer(appends.size());
  for (const StreamAppend& a : appends) {
    if (std::optional<Version> last = seen_.last(a.stream)) {
      if (a.first != last->next()) return std::string(a.stream);
      continue;
    }
    in_shards.add(a.shard.value);
    names.add(a.stream);
    firsts.add(a.first.value);
  }
  for (std::size_t next = 0; next < turn.records.size();) {
    // All streams are looked at by the first statement.
    Parameters parameters;
    parameters.add(std::exchange(in_shards, Array::of_smallint()));
    parameters.add(std::exchange(names, Array::of_text()));
    parameters.add(std::exchange(firsts, Array::of_integer()));
    next = add_records(turn.records, positions, next, parameters);
    parameters.add(now);
    Rows wrong = into_partitions("log.events", [&] { return connection_.exec(kInsertRecords, parameters); });
    if (!wrong.empty()) return std::string(wrong.text(0, 0));
  }
  return {};
}

void PostgresTurn::insert_inbox(const TurnWrite& turn, const std::vector<Position>& positions, Timestamp now) {
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
  into_partitions("log.inbox", [&] { return connection_.exec(kInsertInbox, parameters); });
}

std::vector<StockDelta> PostgresTurn::change_stock(const std::vector<StockDelta>& deltas) {
  if (deltas.empty()) return {};
  Array skus = Array::of_text(deltas.size()), locations = Array::of_text(deltas.size());
  Array on_hand = Array::of_bigint(deltas.size()), reserved = Array::of_bigint(deltas.size());
  Array new_skus = Array::of_text(), new_locations = Array::of_text();
  bool create = false;
  for (const StockDelta& d : deltas) {
    skus.add(d.sku);
    locations.add(d.location);
    on_hand.add(d.on_hand);
    reserved.add(d.reserved);
    if (!d.create) continue;
    create = true;
    new_skus.add(d.sku);
    new_locations.add(d.location);
  }
  if (create) connection_.exec(kCreateLevels, Parameters().add(std::move(new_skus)).add(std::move(new_locations)));
  Rows changed = connection_.exec(
      kChangeLevels, Parameters().add(std::move(skus)).add(std::move(locations)).add(std::move(on_hand)).add(std::move(reserved)));
  if (changed.size() == deltas.size()) return {};
  std::set<std::pair<std::string_view, std::string_view>> done;
  for (std::size_t i = 0; i < changed.size(); ++i) done.emplace(changed.text(i, 0), changed.text(i, 1));
  std::vector<StockDelta> refused;
  std::ranges::copy_if(deltas, std::back_inserter(refused), [&](const StockDelta& d) { return !done.contains({d.sku, d.location}); });
  return refused;
}

}  // namespace ordersaga::events
