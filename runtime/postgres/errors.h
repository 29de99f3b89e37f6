// How a database fails, classified once by SQLSTATE and by what libpq says, in words that need no libpqxx.
#pragma once

#include <stdexcept>
#include <string>

namespace ordersaga::runtime::postgres {

// Base, and what fits none of the kinds below: a mistake in a statement, an internal error of the server.
struct Error : std::runtime_error {
  explicit Error(const std::string& what, std::string state = {}) : std::runtime_error(what), sqlstate(std::move(state)) {}
  std::string sqlstate;  // empty when the server did not say
};

// The connection is gone or cannot be made; the transaction, if any, is rolled back or will be. Not to be retried on this
// connection.
struct ConnectionLost : Error {
  using Error::Error;
};

// The transaction was rolled back for a reason that passes: deadlock, serialization failure, statement timeout, no memory,
// disk or connections left.
struct TryAgain : Error {
  using Error::Error;
};

// lock_timeout fired.
struct LockTimeout : Error {
  using Error::Error;
};

// SQLSTATE classes 22, 23, 54: the values were refused. The same values will be refused again.
struct DataRefused : Error {
  using Error::Error;
};

// No such database, schema, table, column or function, no right, wrong password: somebody must set something up.
struct NotSetUp : Error {
  using Error::Error;
};

// COMMIT was sent, and whether it took effect is not known: the connection broke before its answer came, or the answer
// came with a warning. It must not simply be retried.
struct CommitUnknown : Error {
  using Error::Error;
};

}  // namespace ordersaga::runtime::postgres
