// A Postgres database of a test's own, made on the server of ORDERSAGA_TEST_DATABASE (a libpq connection string of a
// superuser who may log in as any role) and dropped with it. The first test of a kind leaves a migrated template on the
// server, ordersaga_template_…, from which all others are copied.
#pragma once

#include <cstdint>
#include <string>

namespace ordersaga::testing_support {

struct TestDatabaseOptions {
  bool migrated = true;
  int shards = 4;
  std::int64_t leaf_size = 1 << 20;
};

class TestDatabase {
 public:
  // Throws std::runtime_error, naming the variable, when it is missing.
  explicit TestDatabase(const TestDatabaseOptions& options = {});
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& name() const { return name_; }
  // As the superuser.
  const std::string& target() const { return target_; }
  // As a role ("ordersaga_writer"); `settings` are server settings: "-c lock_timeout=500ms".
  std::string target_as(const std::string& role, const std::string& settings = {}) const;

 private:
  std::string server_;
  std::string name_;
  std::string target_;
};

}  // namespace ordersaga::testing_support
