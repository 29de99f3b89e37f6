// A connection for statements that bring much: results come in Postgres' binary format and are read where they lie, and the
// server works on the next one while the caller uses the last. libpq itself, since libpqxx has neither.
//
// Reads only; for everything else there is Connection. Nothing is retried: who loses a session makes another. One thread at
// a time. Throws the errors of errors.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "runtime/postgres/connection.h"

struct pg_conn;
struct pg_result;

namespace ordersaga::runtime::postgres {

// What a statement gave back; views live as long as it. The column's type in the statement is the function's, and the value
// is not null, else Error is thrown (std::int16_t: smallint, and so on).
class BinaryRows {
 public:
  BinaryRows() = default;
  explicit BinaryRows(pg_result* result);

  std::size_t size() const { return size_; }
  bool is_null(std::size_t row, int column) const;
  std::int16_t int16(std::size_t row, int column) const;
  std::int32_t int32(std::size_t row, int column) const;
  std::int64_t int64(std::size_t row, int column) const;
  std::string_view bytes(std::size_t row, int column) const;  // text or bytea
  Time time(std::size_t row, int column) const;               // timestamptz

 private:
  struct Clear {
    void operator()(pg_result* result) const noexcept;
  };
  std::uint64_t number(std::size_t row, int column, int size) const;

  std::unique_ptr<pg_result, Clear> result_;
  std::size_t size_ = 0;
};

class BinarySession {
 public:
  // Connects, as Connection does.
  explicit BinarySession(const std::string& target);

  // Sends a statement, prepared at its first use, without waiting for the rows. REQUIRES: none is awaited.
  void send(const Statement& statement, const Parameters& parameters);
  bool awaits() const { return awaits_; }
  // Waits for the rows. REQUIRES: awaits(). Nothing is awaited any more, even when it throws.
  BinaryRows receive();
  bool is_open() const;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const noexcept;
  };
  void prepare(const Statement& statement);
  [[noreturn]] void fail(const pg_result* result);

  std::unique_ptr<pg_conn, Finish> connection_;
  std::unordered_set<std::string> prepared_;
  bool awaits_ = false;
};

}  // namespace ordersaga::runtime::postgres
