#include "runtime/postgres/binary_session.h"

#include <libpq-fe.h>

#include "runtime/postgres/classify.h"

namespace ordersaga::runtime::postgres {

namespace {

constexpr int kBinary = 1;
// timestamptz counts from here.
constexpr Time kPostgresEpoch = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);

}  // namespace

void BinaryRows::Clear::operator()(pg_result* result) const noexcept {
  PQclear(result);
}

BinaryRows::BinaryRows(pg_result* result) : result_(result), size_(static_cast<std::size_t>(PQntuples(result))) {}

bool BinaryRows::is_null(std::size_t row, int column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), column) != 0;
}

std::string_view BinaryRows::bytes(std::size_t row, int column) const {
  if (is_null(row, column)) throw Error("null in column " + std::to_string(column) + ", where a value is expected");
  const int r = static_cast<int>(row);
  return {PQgetvalue(result_.get(), r, column), static_cast<std::size_t>(PQgetlength(result_.get(), r, column))};
}

std::uint64_t BinaryRows::number(std::size_t row, int column, int size) const {
  const std::string_view value = bytes(row, column);
  if (value.size() != static_cast<std::size_t>(size))
    throw Error("column " + std::to_string(column) + " has " + std::to_string(value.size()) + " bytes, not " + std::to_string(size));
  std::uint64_t number = 0;
  for (const char byte : value) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::int16_t BinaryRows::int16(std::size_t row, int column) const {
  return static_cast<std::int16_t>(number(row, column, 2));
}
std::int32_t BinaryRows::int32(std::size_t row, int column) const {
  return static_cast<std::int32_t>(number(row, column, 4));
}
std::int64_t BinaryRows::int64(std::size_t row, int column) const {
  return static_cast<std::int64_t>(number(row, column, 8));
}
Time BinaryRows::time(std::size_t row, int column) const {
  return kPostgresEpoch + std::chrono::microseconds(int64(row, column));
}

void BinarySession::Finish::operator()(pg_conn* connection) const noexcept {
  PQfinish(connection);
}

BinarySession::BinarySession(const std::string& target) : connection_(PQconnectdb(with_defaults(target).c_str())) {
  if (connection_ == nullptr) throw std::bad_alloc();
  if (PQstatus(connection_.get()) != CONNECTION_OK) throw_for_connect(PQerrorMessage(connection_.get()));
}

bool BinarySession::is_open() const {
  return PQstatus(connection_.get()) == CONNECTION_OK;
}

void BinarySession::fail(const pg_result* result) {
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string what = result == nullptr ? PQerrorMessage(connection_.get()) : PQresultErrorMessage(result);
  if (state != nullptr) throw_for_state(state, what);
  // It is libpq that speaks, not the server; and it may still count what is lost as open (classify.cc).
  connection_.reset();
  throw ConnectionLost(what);
}

void BinarySession::prepare(const Statement& statement) {
  if (prepared_.contains(statement.name)) return;
  pg_result* result = PQprepare(connection_.get(), statement.name, statement.sql, 0, nullptr);
  const BinaryRows owner(result);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(result);
  prepared_.insert(statement.name);
}

void BinarySession::send(const Statement& statement, const Parameters& parameters) {
  prepare(statement);
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const std::string& value : parameters.values()) {
    values.push_back(value.data());
    lengths.push_back(static_cast<int>(value.size()));
  }
  const std::vector<int> formats(values.size(), kBinary);
  if (PQsendQueryPrepared(connection_.get(), statement.name, static_cast<int>(values.size()), values.data(), lengths.data(), formats.data(),
                          kBinary) == 0)
    fail(nullptr);
  count_statement(PQuser(connection_.get()));
  awaits_ = true;
}

BinaryRows BinarySession::receive() {
  awaits_ = false;
  pg_result* result = PQgetResult(connection_.get());
  BinaryRows rows(result);
  while (pg_result* rest = PQgetResult(connection_.get())) PQclear(rest);
  if (PQresultStatus(result) != PGRES_TUPLES_OK) fail(result);
  return rows;
}

}  // namespace ordersaga::runtime::postgres
