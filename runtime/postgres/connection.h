// A connection to Postgres: a thin layer over libpqxx, which appears nowhere else but in rows.h.
//
// - Nothing happens behind the caller's back: no reconnection, no retry. Who loses a Connection makes another.
// - Statements are named constants, prepared at their first use.
// - Transactions are the caller's: BEGIN by exec(), COMMIT by commit().
// One thread at a time. All functions throw the errors of errors.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/postgres/errors.h"
#include "runtime/postgres/parameters.h"
#include "runtime/postgres/rows.h"

namespace ordersaga::runtime::postgres {

// Two Statements with one name must be the same.
struct Statement {
  const char* name;
  const char* sql;
};

// What the connections of one user have done.
struct Traffic {
  std::uint64_t statements = 0;  // as Connection::statements()
  std::uint64_t commits = 0;     // by Connection::commit()
};

class Connection {
 public:
  // Connects. `target` is what libpq takes: "host=… dbname=…" or a postgresql:// URI; libpq's PG* environment fills in.
  explicit Connection(const std::string& target);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One or more statements as text, in one round trip; gives the last one's rows.
  Rows exec(const std::string& sql);
  // One prepared statement.
  Rows exec(const Statement& statement, const Parameters& parameters);

  // Ends a transaction that BEGIN began. Throws CommitUnknown when its fate is not known; after any other error it is
  // rolled back.
  void commit();
  // Ends a transaction, if one is open, as best it can: a connection that cannot do that is dropped, which rolls back.
  void rollback() noexcept;

  bool is_open() const;
  // Round trips with statements so far, BEGIN and COMMIT included, preparation not.
  std::uint64_t statements() const { return statements_; }

 private:
  class Session;
  std::unique_ptr<Session> session_;
  std::uint64_t statements_ = 0;
  struct Tally;
  Tally* tally_ = nullptr;  // of the connection's user

  friend std::map<std::string, Traffic> traffic_by_user();
  friend void count_statement(const std::string& user);
};

// Of all connections that this process ever made, by the user they were made as. Any thread.
std::map<std::string, Traffic> traffic_by_user();
// For statements that go past Connection. Any thread.
void count_statement(const std::string& user);

// `target` with other values for some of libpq's keywords ("dbname", "user", "options" …), as keyword/value text.
// Throws NotSetUp when `target` cannot be read.
std::string with_keyword(const std::string& target, const std::string& keyword, const std::string& value);
// `target` with this project's time limits and names, where it says nothing else: a peer that is gone is noticed in seconds.
std::string with_defaults(const std::string& target);
// Host, port, database and user of a target, for messages; never a password.
std::string describe(const std::string& target);

}  // namespace ordersaga::runtime::postgres
