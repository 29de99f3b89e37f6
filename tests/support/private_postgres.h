// A Postgres server of a test's own, for what cannot be done to a server that others use: settings of the whole server,
// crashes, backups. Same programs as the server of ORDERSAGA_TEST_DATABASE, whose superuser must be asked for them.
//
// It listens on a Unix socket only. fsync is off: these tests crash Postgres, never the machine.
#pragma once

#include <map>
#include <string>

namespace ordersaga::testing_support {

class PrivatePostgres {
 public:
  // Makes a cluster and starts it; `settings` go to its configuration. Throws std::runtime_error with the server's words.
  explicit PrivatePostgres(const std::map<std::string, std::string>& settings = {});
  // Stops it and removes all.
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  void start();
  // As a crash, with no word to anybody: the next start recovers.
  void stop_immediately();
  // The data as they are now, kept aside; and back to them. REQUIRES: stopped.
  void back_up();
  void restore();

  // As the superuser; `role` and `settings` as TestDatabase::target_as().
  std::string target() const;
  std::string target_as(const std::string& role, const std::string& settings = {}) const;

 private:
  void run(const std::string& command) const;

  std::string programs_;  // folder
  std::string user_;      // empty: ours
  std::string folder_;
  bool running_ = false;
};

}  // namespace ordersaga::testing_support
