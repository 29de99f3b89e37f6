// bench_rebuild: how fast the read models are made from the log. Fills the log of an empty database, which it migrates, with orders, then
// folds all of it into the read models, every shard by one of a few sessions.
//
//   bench_rebuild --database "…" [--orders N] [--wave W] [--sessions S] [--batch B]
//
// Prints a table on stderr and one JSON object on stdout. WAL bytes and rows are Postgres' own counts.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/order_log.h"
#include "events/postgres_event_store.h"
#include "events/schema.h"
#include "projections/all_projections.h"
#include "projections/postgres_read_store.h"
#include "projections/rebuild.h"
#include "runtime/postgres/connection.h"
#include "runtime/settings.h"

namespace ordersaga::bench {
namespace {

using Json = nlohmann::ordered_json;
using runtime::postgres::Connection;

constexpr const char* kWal = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
constexpr const char* kTables =
    "SELECT relname, n_tup_ins, n_tup_upd, n_tup_hot_upd, pg_total_relation_size(relid) FROM pg_stat_user_tables "
    "WHERE schemaname = 'read' AND n_tup_ins > 0 ORDER BY relname";

struct Settings {
  std::string database = "dbname=ordersaga_rebuild user=postgres";
  std::int64_t orders = 50'000;
  std::int64_t wave = 2'000;
  std::int64_t sessions = 2;
  std::int64_t batch = 10'000;
};

std::optional<std::string> read_settings(int argc, const char* const* argv, Settings& s) {
  runtime::SettingsReader reader("bench_rebuild", "Measures how fast the read models are made from the log.", ORDERSAGA_VERSION);
  reader.add("database", s.database, "an empty Postgres database, as a libpq connection string of a superuser");
  reader.add("orders", s.orders, "orders in the log", {1, 99'999'999});
  reader.add("wave", s.wave, "orders that are under way together", {1, 100'000});
  reader.add("sessions", s.sessions, "threads, each with a connection and shards of its own", {1, 64});
  reader.add("batch", s.batch, "records in one transaction", {1, 100'000});
  return reader.read(argc, argv, runtime::process_environment());
}

std::string as_role(const Settings& settings, const char* role) {
  return runtime::postgres::with_keyword(settings.database, "user", role);
}

// The projector's share of the shards, session by session.
std::uint64_t fold(const Settings& settings) {
  std::atomic<std::uint64_t> records{0};
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(settings.sessions));
  {
    std::vector<std::jthread> threads;
    for (std::int64_t session = 0; session < settings.sessions; ++session)
      threads.emplace_back([&, session] {
        try {
          events::PostgresEventStore log({.target = as_role(settings, "ordersaga_projector")});
          projections::PostgresReadStore store(as_role(settings, "ordersaga_projector"));
          runtime::SystemClock clock;
          std::vector<Shard> shards;
          for (auto s = session; s < log.shards(); s += settings.sessions) shards.emplace_back(static_cast<std::int16_t>(s));
          records +=
              projections::replay(log, store, projections::all_projections(), shards, clock, static_cast<std::size_t>(settings.batch));
        } catch (...) {
          failures[static_cast<std::size_t>(session)] = std::current_exception();
        }
      });
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
  return records;
}

Json tables(Connection& server) {
  // A session's counts reach the view when it ends or rests.
  std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
  Json all = Json::array();
  auto rows = server.exec(kTables);
  for (std::size_t i = 0; i < rows.size(); ++i)
    all.push_back({{"table", std::string(rows.text(i, 0))},
                   {"inserts", rows.integer(i, 1)},
                   {"updates", rows.integer(i, 2)},
                   {"hot_updates", rows.integer(i, 3)},
                   {"bytes", rows.integer(i, 4)}});
  return all;
}

int run(const Settings& settings) {
  events::migrate(settings.database, {}, [](const runtime::postgres::MigrationStatus&) {});
  Connection server(settings.database);
  events::PostgresEventStore log({.target = as_role(settings, "ordersaga_writer")});
  const std::uint64_t filled = fill_log(log, "rebuild-", static_cast<int>(settings.orders), static_cast<int>(settings.wave));
  server.exec("VACUUM ANALYZE log.events");
  server.exec("CHECKPOINT");

  const std::int64_t wal_before = server.exec(kWal).integer(0, 0);
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t records = fold(settings);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const std::int64_t wal = server.exec(kWal).integer(0, 0) - wal_before;
  if (records != filled) throw std::runtime_error(fmt::format("{} records were filled in and {} folded", filled, records));

  const double per_second = static_cast<double>(records) / seconds;
  Json result = {{"benchmark", "rebuild"},
                 {"orders", settings.orders},
                 {"records", records},
                 {"sessions", settings.sessions},
                 {"batch", settings.batch},
                 {"seconds", seconds},
                 {"events_per_second", std::round(per_second)},
                 {"wal_bytes_per_order", std::round(static_cast<double>(wal) / static_cast<double>(settings.orders))},
                 {"tables", tables(server)}};
  fmt::print(stderr, "\nrebuild of the read models from {} records of {} orders\n", records, settings.orders);
  for (const char* name : {"sessions", "batch", "seconds", "events_per_second", "wal_bytes_per_order"})
    fmt::print(stderr, "  {:<28} {:>12}\n", name, result[name].dump());
  for (const Json& t : result["tables"])
    fmt::print(stderr, "  {:<28} {:>12} inserts {:>10} updates {:>10} of them in their page\n", t["table"].get<std::string>(),
               t["inserts"].dump(), t["updates"].dump(), t["hot_updates"].dump());
  fmt::print("{}\n", result.dump());
  return 0;
}

}  // namespace
}  // namespace ordersaga::bench

int main(int argc, char** argv) {
  using namespace ordersaga::bench;
  Settings settings;
  try {
    if (auto text = read_settings(argc, argv, settings)) {
      std::cout << *text;
      return 0;
    }
    return run(settings);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_rebuild: {}\n", error.what());
    return 1;
  }
}
