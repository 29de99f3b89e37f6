#include "bench/copy.h"

#include <stdexcept>
#include <type_traits>

namespace ordersaga::bench {
namespace {

constexpr std::int64_t kPostgresEpochMicros = 946'684'800'000'000;  // 2000-01-01

template <class T>
void put_number(std::string& bytes, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<std::make_unsigned_t<T>>(value) >> shift & 0xff);
}

template <class T>
void put_field(std::string& bytes, T value) {
  put_number<std::int32_t>(bytes, sizeof(T));
  put_number<T>(bytes, value);
}

void put_bytes(std::string& bytes, const std::string& value) {
  put_number<std::int32_t>(bytes, static_cast<std::int32_t>(value.size()));
  bytes += value;
}

void put_null(std::string& bytes) {
  put_number<std::int32_t>(bytes, -1);
}

}  // namespace

RecordRows::RecordRows() : bytes_("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19) {}

void RecordRows::add(const events::NewRecord& r, Position position, Timestamp recorded_at) {
  const bool in_stream = !r.stream.empty();
  put_number<std::int16_t>(bytes_, 8);
  put_field<std::int64_t>(bytes_, position.value);
  put_field<std::int64_t>(bytes_, recorded_at.time_since_epoch().count() - kPostgresEpochMicros);
  in_stream ? put_field<std::int32_t>(bytes_, r.version.value) : put_null(bytes_);
  put_field<std::int16_t>(bytes_, r.shard.value);
  put_field<std::int16_t>(bytes_, r.type.value);
  in_stream ? put_bytes(bytes_, r.stream) : put_null(bytes_);
  put_bytes(bytes_, r.payload);
  put_bytes(bytes_, r.metadata);
}

void RecordRows::finish() {
  put_number<std::int16_t>(bytes_, -1);
}

Copier::Copier(const std::string& target) : connection_(PQconnectdb(target.c_str())) {
  require(PQstatus(connection_.get()) == CONNECTION_OK);
}

void Copier::copy_records(const std::string& table, const std::string& rows) {
  command("BEGIN");
  run(("COPY " + table + " (" + kRecordColumns + ") FROM STDIN (FORMAT binary)").c_str(), PGRES_COPY_IN);
  require(PQputCopyData(connection_.get(), rows.data(), static_cast<int>(rows.size())) == 1);
  require(PQputCopyEnd(connection_.get(), nullptr) == 1);
  while (std::unique_ptr<PGresult, Close> result{PQgetResult(connection_.get())}) require(PQresultStatus(result.get()) == PGRES_COMMAND_OK);
  command("COMMIT");
}

void Copier::run(const char* sql, ExecStatusType expected) {
  const std::unique_ptr<PGresult, Close> result(PQexec(connection_.get(), sql));
  require(PQresultStatus(result.get()) == expected);
}

void Copier::require(bool good) const {
  if (!good) throw std::runtime_error(std::string("Postgres: ") + PQerrorMessage(connection_.get()));
}

}  // namespace ordersaga::bench
