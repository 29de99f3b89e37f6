// One session with Postgres for reading, with failures told as sagactl tells them.
//
// One thread. Connecting happens at the first use.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/schema.h"
#include "runtime/postgres/connection.h"
#include "tools/sagactl/options.h"
#include "tools/sagactl/output.h"

namespace ordersaga::sagactl {

// The role that sagactl takes when the connection string names no user: it reads everything and changes nothing.
inline constexpr const char* kOperatorRole = "ordersaga_operator";

// libpq's connection string with the password in it, and with `default_role` (when not empty) where no user is named.
// Throws Failure{usage} when `settings.database` cannot be read or holds a password itself.
runtime::Secret connection_string(const Settings& settings, const std::string& default_role = kOperatorRole);

class Database {
 public:
  using Rows = runtime::postgres::Rows;
  using Statement = runtime::postgres::Statement;

  // With `wait`, tries to connect until `timeout`.
  Database(const Settings& settings, std::chrono::milliseconds timeout, bool wait, std::string default_role = kOperatorRole);
  ~Database();

  // Reads; every parameter is text. Throws Failure: unreachable, not_allowed, or failed with what to do.
  Rows query(const Statement& statement, const std::vector<std::string>& parameters = {});
  // For statements of the form SELECT to_json(t)::text FROM (…) t: each row as an object. Those of `fields` that are times
  // are written as sagactl writes times.
  std::vector<Json> select(const Statement& statement, const std::vector<std::string>& parameters, const std::vector<Field>& fields);
  // Several queries that see one moment; made through the functions above, inside `read`.
  void at_one_moment(const std::function<void()>& read);
  // What the server and the schema say of themselves. Throws Failure with what to do when the schema is not this program's.
  events::Installation installation();

 private:
  runtime::postgres::Connection& connection();
  template <class F>
  auto guarded(F&& f) -> decltype(f());

  Settings settings_;
  std::chrono::milliseconds timeout_;
  bool wait_;
  std::string default_role_;
  std::unique_ptr<runtime::postgres::Connection> connection_;
};

// What a failure of Postgres or of the store means for who called sagactl. Rethrows what it does not know.
// REQUIRES: called while an exception is being handled.
[[noreturn]] void rethrow_as_failure();

}  // namespace ordersaga::sagactl
