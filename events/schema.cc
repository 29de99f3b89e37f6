#include "events/schema.h"

#include <map>

#include "events/codec.h"
#include "events/errors.h"
#include "events/postgres_errors.h"

namespace ordersaga::events {

namespace {

using namespace runtime::postgres;

constexpr Statement kCreateShards = {"schema_create_shards", "SELECT log.create_shards($1::integer, $2::bigint)"};
constexpr Statement kRegisterTypes = {
    "schema_register_types",
    "INSERT INTO log.event_types (number, name) SELECT * FROM unnest($1::smallint[], $2::text[]) ON CONFLICT DO NOTHING"};
constexpr const char* kTypes = "SELECT number, name FROM log.event_types";
constexpr const char* kInstallation = "SELECT shards, epoch FROM log.installation";
constexpr const char* kLogExists = "SELECT to_regclass('log.installation') IS NOT NULL, current_database()";

constexpr const char* kRemedy = "; sagactl db migrate sets it up";

void register_types(Connection& connection) {
  Array numbers = Array::of_smallint();
  Array names = Array::of_text();
  for (const RecordType& t : record_types()) {
    numbers.add(t.number.value);
    names.add(t.descriptor->full_name());
  }
  connection.exec(kRegisterTypes, Parameters().add(std::move(numbers)).add(std::move(names)));
}

// Numbers that the database has and this program has not are a newer program's: its records cannot be decoded here, but
// those of this program can.
void check_types(Connection& connection) {
  std::map<std::int64_t, std::string> known;
  Rows rows = connection.exec(kTypes);
  for (std::size_t i = 0; i < rows.size(); ++i) known.emplace(rows.integer(i, 0), rows.text(i, 1));
  for (const RecordType& t : record_types()) {
    auto found = known.find(t.number.value);
    if (found == known.end()) throw StoreMisconfigured("the log does not know the type " + t.descriptor->full_name() + kRemedy);
    if (found->second != t.descriptor->full_name())
      throw StoreMisconfigured("the log's type " + std::to_string(t.number.value) + " is " + found->second + ", and " +
                               t.descriptor->full_name() + " in this program: it belongs to another installation");
  }
}

}  // namespace

int migrate(const std::string& target, const InstallOptions& options, const std::function<void(const MigrationStatus&)>& report) {
  if (options.shards < 1 || options.shards > kMaxShards)
    throw StoreMisconfigured("a log has 1 to " + std::to_string(kMaxShards) + " shards");
  return as_store_errors([&] {
    Connection connection(target);
    int applied = run_migrations(connection, schema_migrations(), report);
    // All of it as the owner, whoever migrates.
    connection.exec("BEGIN; SET LOCAL ROLE ordersaga_owner");
    Rows installed = connection.exec(kInstallation);
    if (!installed.empty() && installed.integer(0, 0) != options.shards)
      throw StoreMisconfigured("the log was installed with " + std::string(installed.text(0, 0)) + " shards and cannot have " +
                               std::to_string(options.shards));
    connection.exec(kCreateShards, Parameters().add(static_cast<std::int32_t>(options.shards)).add(options.leaf_size));
    register_types(connection);
    connection.commit();
    connection.exec("SELECT log.maintain()");
    check_schema(connection);
    return applied;
  });
}

std::vector<MigrationStatus> schema_status(const std::string& target) {
  return as_store_errors([&] {
    Connection connection(target);
    return migration_status(connection, schema_migrations());
  });
}

Installation check_schema(Connection& connection) {
  return as_store_errors([&] {
    Rows log = connection.exec(kLogExists);
    std::string database(log.text(0, 1));
    if (!log.boolean(0, 0)) throw StoreMisconfigured("the database " + database + " has no log" + kRemedy);
    for (const MigrationStatus& s : migration_status(connection, schema_migrations())) {
      if (s.state == MigrationState::pending)
        throw StoreMisconfigured("the database " + database + " lacks the migration V" + s.version + " (" + s.description + ")" + kRemedy);
      if (s.state == MigrationState::changed)
        throw StoreMisconfigured("the database " + database + " has another migration V" + s.version + " than this program");
    }
    Rows rows = connection.exec(kInstallation);
    if (rows.empty()) throw StoreMisconfigured("the log of the database " + database + " has no shards" + kRemedy);
    check_types(connection);
    return Installation{static_cast<int>(rows.integer(0, 0)), static_cast<std::int32_t>(rows.integer(0, 1))};
  });
}

}  // namespace ordersaga::events
