#include "tests/support/test_database.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <random>
#include <stdexcept>

#include "events/schema.h"
#include "runtime/postgres/connection.h"

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

}  // namespace

TestDatabase::TestDatabase(const TestDatabaseOptions& options) : server_(server_from_environment()), name_(unique_name()) {
  runtime::postgres::Connection(server_).exec("CREATE DATABASE " + name_ + " TEMPLATE template0");
  target_ = runtime::postgres::with_keyword(server_, "dbname", name_);
  if (options.migrated) events::migrate(target_, {.shards = options.shards, .leaf_size = options.leaf_size});
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
