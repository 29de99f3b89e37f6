#include "events/postgres_event_store.h"

#include <array>
#include <stdexcept>
#include <utility>

#include "events/detached_leaves.h"
#include "events/errors.h"
#include "events/postgres_custody.h"
#include "events/postgres_errors.h"
#include "events/postgres_parking.h"
#include "events/postgres_reads.h"
#include "events/postgres_turn.h"
#include "events/stuck_writers.h"
#include "events/turn_rules.h"

namespace ordersaga::events {

using namespace runtime::postgres;

namespace {

constexpr std::chrono::seconds kMaintenanceEvery{60};

constexpr Statement kEpoch = {"store_epoch", "SELECT epoch FROM log.installation"};
constexpr Statement kEpochStarts = {"store_epoch_starts", "SELECT epoch, shard, starts_after FROM log.epochs ORDER BY epoch, shard"};
constexpr Statement kClock = {"store_clock", "SELECT clock_timestamp()"};
constexpr Statement kMaintain = {"store_maintain", "SELECT log.maintain()"};

constexpr Statement kReadStream = {"store_read_stream", "SELECT " ORDERSAGA_RECORD_COLUMNS
                                                        " FROM log.events AS e "
                                                        "WHERE e.shard = $1::smallint AND e.stream = $2::text AND e.version > $3::integer "
                                                        "ORDER BY e.version LIMIT $4::bigint"};

constexpr Statement kReadShards = {"store_read_shards",
                                   "SELECT " ORDERSAGA_RECORD_COLUMNS
                                   " FROM unnest($1::smallint[], $2::bigint[]) AS w (shard, position) "
                                   "CROSS JOIN LATERAL (SELECT * FROM log.events AS e WHERE e.shard = w.shard AND e.position > w.position "
                                   "                    ORDER BY e.position LIMIT $3::bigint) AS e "
                                   "ORDER BY e.shard, e.position"};

constexpr Statement kHeads = {"store_heads",
                              "SELECT w.shard, h.position, h.recorded_at, h.metadata FROM log.installation AS i "
                              "CROSS JOIN LATERAL generate_series(0, i.shards - 1) AS w (shard) "
                              "LEFT JOIN LATERAL (SELECT e.position, e.recorded_at, e.metadata FROM log.events AS e "
                              "                   WHERE e.shard = w.shard::smallint ORDER BY e.position DESC LIMIT 1) AS h ON true "
                              "ORDER BY w.shard"};

constexpr Statement kDueWakeups = {
    "store_due_wakeups",
    "SELECT d.shard, d.saga, d.due_at, d.effect_outstanding FROM unnest($1::smallint[]) AS w (shard) "
    "CROSS JOIN LATERAL (SELECT * FROM log.wakeups AS u WHERE u.shard::integer = w.shard::integer AND u.due_at <= $2::timestamptz "
    "                    ORDER BY u.due_at LIMIT $3::bigint) AS d "
    "ORDER BY d.due_at, d.shard, d.saga LIMIT $3::bigint"};

constexpr Statement kOutstanding = {"store_outstanding",
                                    "SELECT shard, saga, due_at, effect_outstanding FROM log.wakeups "
                                    "WHERE shard = $1::smallint AND effect_outstanding ORDER BY saga"};

constexpr Statement kWakeups = {"store_wakeups", "SELECT shard, saga, due_at, effect_outstanding FROM log.wakeups ORDER BY shard, saga"};
constexpr Statement kLevels = {"store_levels",
                               "SELECT sku, location, on_hand, reserved FROM log.stock WHERE pool = 0 ORDER BY sku, location"};

std::int64_t as_limit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min<std::size_t>(limit, std::size_t{1} << 40));
}

// BEGIN and the locks are one round trip. The heads are read by the next statement, whose snapshot is taken when the locks
// are held; in this one they could be stale.
std::string begin_and_lock(std::span<const Shard> shards, const char* lock = "pg_advisory_xact_lock(") {
  std::string sql = std::string("BEGIN; SELECT ") + lock + std::to_string(kShardLocks) + ", s) FROM unnest('{";
  for (std::size_t i = 0; i < shards.size(); ++i) sql += (i == 0 ? "" : ",") + std::to_string(shards[i].value);
  return sql + "}'::integer[]) AS s";
}

}  // namespace

PostgresEventStore::PostgresEventStore(PostgresStoreOptions options) : options_(std::move(options)) {
  as_store_errors([&] {
    auto fresh = std::make_unique<Connection>(options_.target);
    shards_ = check_schema(*fresh).shards;
    connection_ = std::move(fresh);
  });
}

PostgresEventStore::~PostgresEventStore() = default;

std::uint64_t PostgresEventStore::statements() const {
  return statements_before_ + (connection_ ? connection_->statements() : 0);
}

Connection& PostgresEventStore::connection() {
  if (connection_ && !connection_->is_open()) {
    statements_before_ += connection_->statements();
    connection_.reset();
  }
  if (!connection_) connection_ = std::make_unique<Connection>(options_.target);
  return *connection_;
}

Rows PostgresEventStore::read(const Statement& statement, const Parameters& parameters) {
  return as_store_errors([&] { return connection().exec(statement, parameters); });
}

void PostgresEventStore::maintain_when_due() {
  auto now = std::chrono::steady_clock::now();
  if (now < next_maintenance_) return;
  try {
    connection().exec(kMaintain, {});
  } catch (const LockTimeout&) {
    // A table is in use by something long; partitions are made so far ahead that the next time will do.
  }
  next_maintenance_ = now + kMaintenanceEvery;
}

std::unique_ptr<TurnTransaction> PostgresEventStore::begin(std::span<const Shard> shards) {
  require_ascending(shards, shards_);
  return as_store_errors([&]() -> std::unique_ptr<TurnTransaction> {
    maintain_when_due();
    Connection& on = connection();
    try {
      on.exec(begin_and_lock(shards));
    } catch (const LockTimeout& e) {
      on.rollback();
      throw_shard_busy(connection(), shards, options_.holder_limit, e.what());
    } catch (...) {
      on.rollback();
      throw;
    }
    return std::make_unique<PostgresTurn>(on, shards_, shards, options_.holder_limit);
  });
}

std::unique_ptr<TurnTransaction> PostgresEventStore::try_begin(std::span<const Shard> shards) {
  require_ascending(shards, shards_);
  return as_store_errors([&]() -> std::unique_ptr<TurnTransaction> {
    maintain_when_due();
    Connection& on = connection();
    try {
      Rows locked = on.exec(begin_and_lock(shards, "pg_try_advisory_xact_lock("));
      for (std::size_t i = 0; i < locked.size(); ++i) {
        if (locked.boolean(i, 0)) continue;
        on.rollback();
        return nullptr;
      }
    } catch (...) {
      on.rollback();
      throw;
    }
    return std::make_unique<PostgresTurn>(on, shards_, shards, options_.holder_limit);
  });
}

Epoch PostgresEventStore::epoch() {
  return Epoch(static_cast<std::int32_t>(read(kEpoch, {}).integer(0, 0)));
}

std::vector<EpochStart> PostgresEventStore::epoch_starts() {
  Rows rows = read(kEpochStarts, {});
  std::vector<EpochStart> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back({Epoch(static_cast<std::int32_t>(rows.integer(i, 0))), Shard(static_cast<std::int16_t>(rows.integer(i, 1))),
                   Position(rows.integer(i, 2))});
  return out;
}

Timestamp PostgresEventStore::clock() {
  return read(kClock, {}).time(0, 0);
}

std::vector<RecordedEvent> PostgresEventStore::read_stream(std::string_view stream, Version after, std::size_t limit) {
  require_storable(stream, "a stream's name");
  Parameters parameters;
  parameters.add(shard_of_stream(stream, shards_).value).add(stream).add(after.value).add(as_limit(limit));
  std::vector<RecordedEvent> records = records_of(read(kReadStream, parameters));
  // The stream's end was reached; of one that is archived, parts may be here.
  if (records.size() < limit) as_store_errors([&] { require_not_archived(connection(), std::array{stream}, shards_); });
  return records;
}

std::vector<RecordedEvent> PostgresEventStore::read_shards(std::span<const ShardPosition> after, std::size_t limit) {
  if (after.empty()) return {};
  Array shards = Array::of_smallint(after.size()), positions = Array::of_bigint(after.size());
  for (const ShardPosition& from : after) {
    shards.add(from.shard.value);
    positions.add(from.position.value);
  }
  std::vector<RecordedEvent> records =
      records_of(read(kReadShards, Parameters().add(std::move(shards)).add(std::move(positions)).add(as_limit(limit))));
  if (auto hole = first_hole(after, records)) as_store_errors([&] { throw_hole(connection(), *hole); });
  return records;
}

std::vector<ShardHead> PostgresEventStore::heads() {
  Rows rows = read(kHeads, {});
  std::vector<ShardHead> heads;
  for (std::size_t i = 0; i < rows.size(); ++i) heads.push_back(head_of(rows, i, 0));
  return heads;
}

std::vector<Wakeup> PostgresEventStore::due_wakeups(std::span<const Shard> shards, Timestamp until, std::size_t limit) {
  if (shards.empty()) return {};
  Array wanted = Array::of_smallint(shards.size());
  for (Shard s : shards) wanted.add(s.value);
  return wakeups_of(read(kDueWakeups, Parameters().add(std::move(wanted)).add(until).add(as_limit(limit))));
}

std::vector<Wakeup> PostgresEventStore::outstanding_effects(Shard shard) {
  return wakeups_of(read(kOutstanding, Parameters().add(shard.value)));
}

std::vector<StockLevel> PostgresEventStore::levels() {
  return levels_of(read(kLevels, {}));
}

std::vector<Wakeup> PostgresEventStore::wakeups() {
  return wakeups_of(read(kWakeups, {}));
}

std::vector<ParkedInput> PostgresEventStore::parked_inputs(std::span<const Shard> shards) {
  return as_store_errors([&] { return postgres::parked_inputs(connection(), shards); });
}

std::vector<OperatorCommand> PostgresEventStore::operator_commands(std::span<const Shard> shards, std::size_t limit) {
  return as_store_errors([&] { return postgres::operator_commands(connection(), shards, limit); });
}

std::vector<Custody> PostgresEventStore::take_custody(std::span<const Shard> shards, std::string_view owner) {
  return as_store_errors([&] { return postgres::take_custody(connection(), shards, owner); });
}

void PostgresEventStore::settle_custody(std::span<const Shard> shards, std::string_view owner) {
  as_store_errors([&] { postgres::settle_custody(connection(), shards, owner); });
}

void PostgresEventStore::release_custody(std::span<const Shard> shards, std::string_view owner) {
  as_store_errors([&] { postgres::release_custody(connection(), shards, owner); });
}

int PostgresEventStore::note_attempt(Shard shard, std::string_view input) {
  return as_store_errors([&] { return postgres::note_attempt(connection(), shard, input); });
}

void PostgresEventStore::clear_attempt(Shard shard, std::string_view input) {
  as_store_errors([&] { postgres::clear_attempt(connection(), shard, input); });
}

}  // namespace ordersaga::events
