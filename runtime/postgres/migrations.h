// Forward-only migrations of a database's schema, in files named as Flyway names them: V<version>__<description>.sql.
//
// Each runs in a transaction of its own, together with its line in ops.schema_history, which has Flyway's columns and
// Flyway's checksums: a run that was interrupted goes on where it stopped. One run at a time, by an advisory lock.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/postgres/connection.h"

namespace ordersaga::runtime::postgres {

struct Migration {
  std::string_view file;  // "V001__roles.sql"
  std::string_view sql;
};

// "001" and "roles" of "V001__roles.sql".
struct MigrationName {
  std::string version;
  std::string description;
};
// Throws NotSetUp for a name that is none.
MigrationName parse_migration(std::string_view file);
// CRC-32 of the lines without their ends.
std::int32_t migration_checksum(std::string_view sql);

enum class MigrationState : std::uint8_t {
  pending,
  applied,
  changed,  // the file is not what was applied
  unknown,  // applied, but no such file is known: the database is newer than the program
};
struct MigrationStatus {
  std::string version;
  std::string description;
  MigrationState state = MigrationState::pending;
  std::string installed_on;  // empty when pending
};

// By version, ascending. Needs no right but to read ops.schema_history; without it everything is pending.
std::vector<MigrationStatus> migration_status(Connection& connection, std::span<const Migration> migrations);

// Applies what is pending, ascending; calls `report` before each. Gives the number applied.
// Throws NotSetUp, and applies nothing, when a file was changed after it was applied, or when a pending one comes before
// one that was applied.
int run_migrations(Connection& connection, std::span<const Migration> migrations,
                   const std::function<void(const MigrationStatus&)>& report);

}  // namespace ordersaga::runtime::postgres
