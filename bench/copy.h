// Records of the log by COPY, binary: what the store is compared with, and how a large log is made.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>

#include "events/recorded_event.h"
#include "schemas/ids.h"

namespace ordersaga::bench {

// Rows in COPY's binary format, with the columns of kRecordColumns.
class RecordRows {
 public:
  RecordRows();
  void add(const events::NewRecord& record, Position position, Timestamp recorded_at);
  // Adds the end; nothing can be added any more.
  void finish();
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Has log.events' columns in log.events' order.
inline constexpr const char* kRecordColumns = "position, recorded_at, version, shard, type, stream, payload, metadata";

// A connection of its own. One thread. Throws std::runtime_error with what Postgres says.
class Copier {
 public:
  explicit Copier(const std::string& target);
  // Its process id.
  int backend() const { return PQbackendPID(connection_.get()); }
  void command(const char* sql) { run(sql, PGRES_COMMAND_OK); }
  // In one transaction; returns when it is committed.
  void copy_records(const std::string& table, const std::string& rows);

 private:
  struct Close {
    void operator()(PGconn* c) const { PQfinish(c); }
    void operator()(PGresult* r) const { PQclear(r); }
  };
  void run(const char* sql, ExecStatusType expected);
  void require(bool good) const;

  std::unique_ptr<PGconn, Close> connection_;
};

}  // namespace ordersaga::bench
