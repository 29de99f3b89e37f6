#include "tests/support/test_database.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <stdexcept>

#include "events/codec.h"
#include "events/schema.h"
#include "runtime/postgres/connection.h"

#ifdef __SANITIZE_ADDRESS__
// libpqxx 6.4 loses the result in which libpq says that the connection is gone: 2 KiB a lost connection.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libpqxx-6.4";
}
#endif

namespace ordersaga::testing_support {

namespace {

std::string server_from_environment() {
  const char* server = std::getenv("ORDERSAGA_TEST_DATABASE");
  if (server == nullptr || *server == '\0')
    throw std::runtime_error("set ORDERSAGA_TEST_DATABASE to a connection string of a Postgres superuser (tools/test does that)");
  return server;
}

std::string unique_name() {
  static std::atomic<int> count = 0;
  return "ordersaga_test_" + std::to_string(getpid()) + "_" + std::to_string(++count) + "_" +
         std::to_string(std::random_device{}() % 100000);
}

// The name of a database that is migrated as the options ask, made when it is not there. It tells the schema's files apart,
// so that another version of the program makes another one.
std::string template_for(runtime::postgres::Connection& server, const std::string& target, const TestDatabaseOptions& options) {
  std::uint32_t files = 17;
  for (const auto& m : events::schema_migrations())
    files = files * 31 + static_cast<std::uint32_t>(runtime::postgres::migration_checksum(m.sql));
  for (const auto& t : events::record_types()) files = files * 31 + static_cast<std::uint32_t>(t.number.value);
  std::string name =
      "ordersaga_template_" + std::to_string(files) + "_" + std::to_string(options.shards) + "_" + std::to_string(options.leaf_size);
  auto exists = [&] { return !server.exec("SELECT FROM pg_database WHERE datname = '" + name + "'").empty(); };
  if (exists()) return name;
  // One makes it, all others wait; under another name until it is whole.
  server.exec("SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(7002, 0)");
  if (!exists()) {
    std::string draft = name + "_draft";
    server.exec("DROP DATABASE IF EXISTS " + draft);
    server.exec("CREATE DATABASE " + draft + " TEMPLATE template0");
    events::migrate(runtime::postgres::with_keyword(target, "dbname", draft), {.shards = options.shards, .leaf_size = options.leaf_size});
    // The migrating session may take a moment to go.
    server.exec("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '" + draft + "'");
    server.exec("ALTER DATABASE " + draft + " RENAME TO " + name);
  }
  server.exec("SELECT pg_advisory_unlock(7002, 0)");
  return name;
}

}  // namespace

TestDatabase::TestDatabase(const TestDatabaseOptions& options) : server_(server_from_environment()), name_(unique_name()) {
  runtime::postgres::Connection server(server_);
  server.exec("CREATE DATABASE " + name_ + " TEMPLATE " + (options.migrated ? template_for(server, server_, options) : "template0"));
  target_ = runtime::postgres::with_keyword(server_, "dbname", name_);
}

TestDatabase::~TestDatabase() {
  try {
    runtime::postgres::Connection(server_).exec("DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const std::exception& e) {
    std::cerr << "the test database " << name_ << " was left behind: " << e.what() << '\n';
  }
}

std::string TestDatabase::target_as(const std::string& role, const std::string& settings) const {
  std::string target = runtime::postgres::with_keyword(target_, "user", role);
  return settings.empty() ? target : runtime::postgres::with_keyword(target, "options", settings);
}

}  // namespace ordersaga::testing_support
