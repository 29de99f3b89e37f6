#include "runtime/postgres/migrations.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <charconv>
#include <chrono>
#include <map>
#include <tuple>

namespace ordersaga::runtime::postgres {

namespace {

constexpr const char* kCreateHistory = R"(
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.schema_history (
  installed_rank integer       PRIMARY KEY,
  version        varchar(50),
  description    varchar(200)  NOT NULL,
  type           varchar(20)   NOT NULL,
  script         varchar(1000) NOT NULL,
  checksum       integer,
  installed_by   varchar(100)  NOT NULL,
  installed_on   timestamp     NOT NULL DEFAULT now(),
  execution_time integer       NOT NULL,
  success        boolean       NOT NULL
))";
constexpr const char* kHistoryExists = "SELECT to_regclass('ops.schema_history') IS NOT NULL";
constexpr const char* kHistory =
    "SELECT version, description, checksum, to_char(installed_on, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM ops.schema_history "
    "WHERE success AND version IS NOT NULL";
constexpr Statement kRecord = {
    "migrations_record",
    "INSERT INTO ops.schema_history (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success) "
    "SELECT coalesce(max(installed_rank), 0) + 1, $1::text, $2::text, 'SQL', $3::text, $4::integer, session_user, $5::integer, true "
    "FROM ops.schema_history"};
// The connection's own limits are made for short statements. One number for all runs in a database.
constexpr const char* kBeginRun =
    "SET lock_timeout = '60s'; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; "
    "SELECT pg_advisory_lock(7001, -2)";
constexpr const char* kEndRun =
    "RESET lock_timeout; RESET statement_timeout; RESET idle_in_transaction_session_timeout; SELECT pg_advisory_unlock(7001, -2)";

// "1.10" after "1.9" and "001"; leading zeros do not count.
std::vector<int> version_order(std::string_view version) {
  std::vector<int> parts;
  while (!version.empty()) {
    std::size_t dot = std::min(version.find('.'), version.size());
    int number = 0;
    auto part = version.substr(0, dot);
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc() || end != part.data() + part.size())
      throw NotSetUp("not a migration's version: '" + std::string(version) + "'");
    parts.push_back(number);
    version.remove_prefix(std::min(dot + 1, version.size()));
  }
  return parts;
}

struct Applied {
  std::string version;
  std::string description;
  std::int32_t checksum = 0;
  std::string installed_on;
};

std::map<std::vector<int>, Applied> read_history(Connection& connection) {
  std::map<std::vector<int>, Applied> history;
  if (!connection.exec(kHistoryExists).boolean(0, 0)) return history;
  Rows rows = connection.exec(kHistory);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Applied a{std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), static_cast<std::int32_t>(rows.integer(i, 2)),
              std::string(rows.text(i, 3))};
    history.emplace(version_order(a.version), std::move(a));
  }
  return history;
}

// Holds the lock of a run; a connection that breaks lets go of it by itself.
class Run {
 public:
  explicit Run(Connection& connection) : connection_(connection) { connection_.exec(kBeginRun); }
  ~Run() {
    connection_.rollback();
    try {
      connection_.exec(kEndRun);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): only a lost connection fails here, and that unlocks
    }
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

 private:
  Connection& connection_;
};

void apply(Connection& connection, const Migration& migration, const MigrationStatus& status) {
  auto began = std::chrono::steady_clock::now();
  try {
    connection.exec("BEGIN");
    connection.exec(std::string(migration.sql));
    connection.exec("RESET ROLE");  // the file may have become the owner
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    connection.exec(kRecord, Parameters()
                                 .add(std::string_view(status.version))
                                 .add(std::string_view(status.description))
                                 .add(migration.file)
                                 .add(migration_checksum(migration.sql))
                                 .add(static_cast<std::int32_t>(took.count())));
    connection.commit();
  } catch (const ConnectionLost&) {
    throw;
  } catch (const CommitUnknown&) {
    throw;  // running again finds out
  } catch (const Error& e) {
    throw Error(std::string(migration.file) + ": " + e.what(), e.sqlstate);
  }
}

}  // namespace

MigrationName parse_migration(std::string_view file) {
  std::size_t bar = file.find("__");
  if (!file.starts_with('V') || !file.ends_with(".sql") || bar == std::string_view::npos || bar < 2)
    throw NotSetUp("not a migration's name: '" + std::string(file) + "'");
  MigrationName name{std::string(file.substr(1, bar - 1)), std::string(file.substr(bar + 2, file.size() - bar - 6))};
  std::ranges::replace(name.version, '_', '.');
  std::ranges::replace(name.description, '_', ' ');
  version_order(name.version);
  return name;
}

std::int32_t migration_checksum(std::string_view sql) {
  boost::crc_32_type crc;
  while (!sql.empty()) {
    std::size_t end = std::min(sql.find_first_of("\r\n"), sql.size());
    crc.process_bytes(sql.data(), end);
    sql.remove_prefix(end);
    if (sql.starts_with("\r\n")) sql.remove_prefix(1);
    if (!sql.empty()) sql.remove_prefix(1);
  }
  return static_cast<std::int32_t>(crc.checksum());
}

std::vector<MigrationStatus> migration_status(Connection& connection, std::span<const Migration> migrations) {
  auto history = read_history(connection);
  std::map<std::vector<int>, MigrationStatus> all;
  for (const auto& [order, a] : history)
    all.emplace(order, MigrationStatus{a.version, a.description, MigrationState::unknown, a.installed_on});
  for (const Migration& m : migrations) {
    MigrationName name = parse_migration(m.file);
    auto [at, is_new] = all.try_emplace(version_order(name.version));
    auto applied = history.find(at->first);
    if (applied == history.end() && !is_new) throw NotSetUp("two migrations have the version " + name.version);
    at->second.version = name.version;
    at->second.description = name.description;
    if (applied == history.end()) continue;
    at->second.state = applied->second.checksum == migration_checksum(m.sql) ? MigrationState::applied : MigrationState::changed;
  }
  std::vector<MigrationStatus> out;
  for (auto& [order, status] : all) out.push_back(std::move(status));
  return out;
}

int run_migrations(Connection& connection, std::span<const Migration> migrations,
                   const std::function<void(const MigrationStatus&)>& report) {
  Run run(connection);
  connection.exec(kCreateHistory);
  std::vector<MigrationStatus> status = migration_status(connection, migrations);
  const MigrationStatus* pending = nullptr;
  for (const MigrationStatus& s : status) {
    if (s.state == MigrationState::changed)
      throw NotSetUp("the migration V" + s.version + " (" + s.description + ") was changed after it was applied");
    if (s.state == MigrationState::pending && pending == nullptr) pending = &s;
    if (s.state != MigrationState::pending && pending != nullptr)
      throw NotSetUp("the migration V" + pending->version + " was never applied, but V" + s.version + ", which follows it, was");
  }
  int applied = 0;
  for (const MigrationStatus& s : status) {
    if (s.state != MigrationState::pending) continue;
    auto file = std::ranges::find_if(migrations, [&](const Migration& m) { return parse_migration(m.file).version == s.version; });
    if (report) report(s);
    apply(connection, *file, s);
    ++applied;
  }
  return applied;
}

}  // namespace ordersaga::runtime::postgres
