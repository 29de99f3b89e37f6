// sagactl db migrate, status; the others in files of their own
#include <fmt/format.h>

#include "events/schema.h"
#include "tools/sagactl/db_verbs.h"

namespace ordersaga::sagactl {

namespace postgres = runtime::postgres;

namespace {

std::string_view name(postgres::MigrationState state) {
  switch (state) {
    case postgres::MigrationState::pending:
      return "pending";
    case postgres::MigrationState::applied:
      return "applied";
    case postgres::MigrationState::changed:
      return "changed";
    case postgres::MigrationState::unknown:
      return "unknown";
  }
  return "?";
}

struct MigrateArgs {
  int shards = 16;
};

void declare_migrate(CLI::App& app, MigrateArgs& args) {
  app.add_option("--shards", args.shards, "shards of the log, and partitions of each topic; for ever")->check(CLI::Range(1, kMaxShards));
}

// Connects as libpq's own default user: who migrates must be able to make roles and schemas, which our roles cannot.
ExitCode run_migrate(Context& context, const MigrateArgs& args) {
  if (context.options.wait) Database(context.settings, context.options.timeout, true, "").query({"db_wait", "SELECT 1"});
  try {
    int applied =
        events::migrate(connection_string(context.settings, "").reveal(), {.shards = args.shards}, [&](const postgres::MigrationStatus& m) {
          throw_if_stopped();  // each migration is a transaction of its own: the next run goes on here
          context.say(fmt::format("V{} {}", m.version, m.description));
        });
    context.say(applied == 0 ? std::string("nothing to do: the database is up to date") : fmt::format("{} migrations applied", applied));
  } catch (...) {
    rethrow_as_failure();
  }
  return ExitCode::ok;
}

struct NoArgs {};
void declare_nothing(CLI::App&, NoArgs&) {}

ExitCode run_status(Context& context, const NoArgs&) {
  Listing listing{
      "migrations", {{"version", "VERSION"}, {"description", "DESCRIPTION"}, {"state", "STATE"}, {"installed_on", "APPLIED"}}, {}, {}};
  std::size_t pending = 0;
  bool wrong = false;
  try {
    for (const postgres::MigrationStatus& m : events::schema_status(connection_string(context.settings).reveal())) {
      listing.rows.push_back(
          {{"version", m.version}, {"description", m.description}, {"state", name(m.state)}, {"installed_on", m.installed_on}});
      if (m.state == postgres::MigrationState::pending) ++pending;
      if (m.state == postgres::MigrationState::changed || m.state == postgres::MigrationState::unknown) wrong = true;
    }
  } catch (...) {
    rethrow_as_failure();
  }
  if (pending > 0) listing.next = fmt::format("{} pending: sagactl db migrate", pending);
  context.print(listing);
  if (wrong)
    throw Failure(ExitCode::findings, "the database's migrations are not this program's",
                  "use the sagactl of the release that migrated it");
  return ExitCode::ok;
}

}  // namespace

std::unique_ptr<postgres::Connection> connect_as_owner(const Context& context) {
  auto connection = std::make_unique<postgres::Connection>(std::string(connection_string(context.settings, "").reveal()));
  connection->exec("SET ROLE ordersaga_owner");
  return connection;
}

void add_db(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("db", "the database: its schema, its partitions, its epoch")->require_subcommand(1);
  add_verb<MigrateArgs>(*noun, chosen, "migrate", "make or update the schema; again at no cost", declare_migrate, run_migrate);
  add_verb<NoArgs>(*noun, chosen, "status", "migrations and whether they are applied", declare_nothing, run_status);
  add_partitions(*noun, chosen);
  add_new_epoch(*noun, chosen);
}

}  // namespace ordersaga::sagactl
