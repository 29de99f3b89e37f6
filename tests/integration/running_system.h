// The whole system as a test runs it: a database and topics of its own on the servers that the environment names, the
// simulators and the daemon as processes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/postgres/connection.h"
#include "tests/support/process.h"

namespace ordersaga::support {

// Made anew on the server of ORDERSAGA_TEST_DATABASE; dropped at the end, whoever is connected.
class TestDatabase {
 public:
  TestDatabase();
  // Made on another server.
  explicit TestDatabase(std::string server);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // As the server's superuser.
  const std::string& target() const { return target_; }

 private:
  std::string server_;
  std::string name_;
  std::string target_;
};

class RunningSystem {
 public:
  static constexpr int kShards = 8;

  // Migrates the database, makes the topics anew and starts the simulators; no daemon yet. Without brokers: those that the
  // environment names.
  RunningSystem();
  explicit RunningSystem(std::string brokers);
  // On another Postgres than that of the environment, too.
  RunningSystem(std::string brokers, std::string server);

  // A daemon with these roles, started, or started and waited for until it is ready. Throws std::runtime_error, with what
  // the daemon said, when it does not become ready.
  std::unique_ptr<Process> start_daemon(const std::string& roles, std::vector<std::string> more = {}) const;
  std::unique_ptr<Process> start_ready_daemon(const std::string& roles, std::vector<std::string> more = {}) const;

  // 'sagactl verify all' over the database, the topics and the gateway's ledger: its exit code, and what it said.
  struct Verdict {
    int code = -1;
    std::string text;
  };
  Verdict verify() const;

  const std::string& brokers() const { return brokers_; }
  const std::string& gateway_url() const { return gateway_url_; }
  const std::string& carrier_url() const { return carrier_url_; }
  // Of the superuser, for libpq.
  const std::string& database() const { return database_.target(); }
  // As the superuser; for questions only.
  runtime::postgres::Connection& sql() { return *sql_; }

 private:
  TestDatabase database_;
  std::string brokers_;
  std::unique_ptr<Process> gateway_;
  std::unique_ptr<Process> carrier_;
  std::unique_ptr<Process> warehouse_;
  std::string gateway_url_;
  std::string carrier_url_;
  std::unique_ptr<runtime::postgres::Connection> sql_;
};

// Status and body of an HTTP GET on 127.0.0.1.
struct HttpAnswer {
  int status = 0;
  std::string body;
};
HttpAnswer http_get(std::uint16_t port, const std::string& path);

// The port that the daemon said it listens on. Throws std::runtime_error when it does not say.
std::uint16_t port_of(Process& daemon);

}  // namespace ordersaga::support
