// bench_fill: makes a store that has been in use for long, without the time that takes: the pure turn decides orders, as it does for
// bench_rebuild, and their records go into the log by COPY. The read models are then folded from it by the projector's own code.
//
//   bench_fill --database "…" --orders N
//
// The records are 40 days old, so that they have left Kafka's topics by their retention and the relay begins behind them. Each order
// has its inbox entry, as if it had come yesterday, and each that waits for its parcel its wake-up in 30 days. Needs a migrated
// database without orders, as a superuser. Prints one JSON object on stdout.
#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/copy.h"
#include "bench/order_log.h"
#include "bench/room.h"
#include "events/postgres_event_store.h"
#include "projections/all_projections.h"
#include "projections/postgres_read_store.h"
#include "projections/rebuild.h"
#include "runtime/postgres/connection.h"
#include "runtime/settings.h"

namespace ordersaga::bench {
namespace {

using Json = nlohmann::ordered_json;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::hours kAge{24 * 40};
constexpr int kWave = 2'000;
constexpr std::size_t kChunkBytes = 32U << 20;
constexpr int kSessions = 2;
constexpr std::size_t kBatch = 10'000;

constexpr const char* kMaintain = "DO $$ BEGIN PERFORM log.maintain(); END $$";
constexpr const char* kInbox = R"(
DO $$ BEGIN PERFORM log.ensure_inbox(now() - interval '1 day', now()); END $$;
INSERT INTO log.inbox (recorded_at, position, shard, key, message_id, source, hash)
SELECT now() - interval '1 day', position, shard, substr(stream, 7), 'c-' || substr(stream, 7),
       'ordersaga.commands.v1/' || shard || '/' || position, sha256(payload)
FROM log.events WHERE stream LIKE 'order-%' AND version = 1)";
constexpr const char* kWakeups = R"(
INSERT INTO log.wakeups (due_at, shard, effect_outstanding, saga)
SELECT now() + interval '30 days', shard, false, stream FROM log.events WHERE stream LIKE 'saga-fulfil_order-%' AND version = 1)";
constexpr const char* kSettle = "VACUUM ANALYZE log.events, log.inbox, log.wakeups";

// Of an order, read models included: measured 8 KB.
constexpr std::uintmax_t kBytesAnOrder = 9'000;

struct Settings {
  std::string database = "dbname=ordersaga";
  std::string data;
  std::int64_t orders = 1'000'000;
};

std::string as_role(const Settings& s, const char* role) {
  return runtime::postgres::with_keyword(s.database, "user", role);
}

// The log, written past the store.
class CopiedOrders {
 public:
  explicit CopiedOrders(const Settings& s) : copier_(s.database), now_(runtime::SystemClock().now() - kAge) {}

  std::uint64_t fill(int shards, int orders) {
    OrderLogSink sink;
    sink.now = [this] { return now_ += std::chrono::milliseconds(1); };
    sink.append = [this](std::vector<events::NewRecord>&& records, Timestamp now) { add(records, now); };
    const std::uint64_t records = make_orders(shards, "filled-", orders, kWave, sink);
    flush();
    return records;
  }

 private:
  void add(const std::vector<events::NewRecord>& records, Timestamp now) {
    for (const events::NewRecord& r : records) rows_.add(r, Position(++heads_[r.shard]), now);
    if (rows_.bytes().size() > kChunkBytes) flush();
  }
  void flush() {
    rows_.finish();
    copier_.copy_records("log.events", rows_.bytes());
    copier_.command(kMaintain);  // the next leaves
    rows_ = RecordRows();
  }

  Copier copier_;
  Timestamp now_;
  RecordRows rows_;
  std::map<Shard, std::int64_t> heads_;
};

void fold_shards(const Settings& s, int session) {
  events::PostgresEventStore log({.target = as_role(s, "ordersaga_projector")});
  projections::PostgresReadStore store(as_role(s, "ordersaga_projector"));
  std::vector<Shard> shards;
  for (int shard = session; shard < log.shards(); shard += kSessions) shards.emplace_back(static_cast<std::int16_t>(shard));
  projections::replay(log, store, projections::all_projections(), shards, runtime::SystemClock(), kBatch);
}

void fold(const Settings& s) {
  std::vector<std::exception_ptr> failures(kSessions);
  {
    std::vector<std::jthread> threads;
    for (int session = 0; session < kSessions; ++session)
      threads.emplace_back([&, session] {
        try {
          fold_shards(s, session);
        } catch (...) {
          failures[static_cast<std::size_t>(session)] = std::current_exception();
        }
      });
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

void run(const Settings& s) {
  require_room(s.data, s.orders, kBytesAnOrder);
  Json result{{"benchmark", "fill"}, {"orders", s.orders}};
  auto began = SteadyClock::now();
  auto timed = [&](const char* name) {
    const auto now = SteadyClock::now();
    result[name] = std::chrono::duration<double>(now - began).count();
    fmt::print(stderr, "bench_fill: {} {:.0f}\n", name, result[name].get<double>());
    began = now;
  };
  events::PostgresEventStore store({.target = as_role(s, "ordersaga_writer")});
  for (const events::ShardHead& head : store.heads())
    if (head.position.value > 0) throw std::runtime_error("the log is not empty: a store of its own is needed");
  result["records"] = CopiedOrders(s).fill(store.shards(), static_cast<int>(s.orders));
  timed("log_seconds");
  Copier owner(s.database);
  for (const char* sql : {kInbox, kWakeups, kSettle}) owner.command(sql);
  timed("beside_the_log_seconds");
  fold(s);
  timed("fold_seconds");
  owner.command("CHECKPOINT");
  result["database_bytes"] =
      runtime::postgres::Connection(s.database).exec({"fill_size", "SELECT pg_database_size(current_database())"}, {}).integer(0, 0);
  std::cout << result.dump() << std::endl;
}

}  // namespace
}  // namespace ordersaga::bench

int main(int argc, char** argv) {
  using namespace ordersaga;
  bench::Settings settings;
  try {
    runtime::SettingsReader reader("bench_fill", "Fills a store with orders, past the orchestrator.", ORDERSAGA_VERSION);
    reader.add("database", settings.database, "Postgres, migrated and empty, as a superuser: a libpq connection string");
    reader.add("data", settings.data, "the server's folder: it is refused to begin when that has not the room");
    reader.add("orders", settings.orders, "orders in the store", {1, 100'000'000});
    if (auto text = reader.read(argc, argv, runtime::process_environment())) {
      std::cout << *text;
      return 0;
    }
    bench::run(settings);
    return 0;
  } catch (const runtime::SettingsError& error) {
    fmt::print(stderr, "bench_fill: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_fill: {}\n", error.what());
    return 1;
  }
}
