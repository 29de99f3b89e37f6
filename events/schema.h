// The store's schema: how it comes into a database, and whether it is there. The migrations are carried in the program.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "runtime/postgres/migrations.h"

namespace ordersaga::events {

// All files of schemas/sql.
std::span<const runtime::postgres::Migration> schema_migrations();

struct InstallOptions {
  // For ever.
  int shards = 16;
  // Records in each leaf of the log that is made from now on.
  std::int64_t leaf_size = std::int64_t{1} << 24;
};

// Applies what is pending, installs the shards, registers the record types and makes the tables that are needed ahead.
// Can be run again at any time, by several at once. `target`: of a role that may create roles and schemas. Gives the
// number of migrations applied. Throws the StoreErrors; StoreMisconfigured when the log has another number of shards, or
// a number stands for another type than in this program.
int migrate(const std::string& target, const InstallOptions& options,
            const std::function<void(const runtime::postgres::MigrationStatus&)>& report = {});

std::vector<runtime::postgres::MigrationStatus> schema_status(const std::string& target);

struct Installation {
  int shards = 0;
  std::int32_t epoch = 0;
};

// Throws StoreMisconfigured, saying what to do, unless the database has all that this program needs. Any of our roles may.
Installation check_schema(runtime::postgres::Connection& connection);

}  // namespace ordersaga::events
