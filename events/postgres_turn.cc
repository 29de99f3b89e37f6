#include "events/postgres_turn.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "events/detached_leaves.h"
#include "events/errors.h"
#include "events/postgres_appends.h"
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
  std::optional<VersionConflict> conflict;
  std::vector<StockDelta> refused;
  among_other_turns([&] {
    conflict = postgres::insert_records(connection_, turn, positions, seen_, now);
    if (conflict) return;
    postgres::insert_inbox(connection_, turn, positions, now);
    postgres::write_wakeups(connection_, turn.wakeups, turn.ended);
    postgres::write_parking(connection_, turn, now);
    // Last: these rows are shared by all shards, and are held until the commit.
    refused = change_stock(turn.stock);
  });
  if (conflict) return *std::move(conflict);
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
