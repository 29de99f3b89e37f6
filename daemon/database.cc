#include "daemon/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "events/errors.h"
#include "events/schema.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::daemon {
namespace {

namespace postgres = runtime::postgres;

// libpq's messages may have several lines, and tabs.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  return text;
}

}  // namespace

runtime::Secret database_target(const Settings& settings, std::string_view user) {
  try {
    std::string target =
        postgres::with_keyword(settings.database, "user", settings.database_user.empty() ? std::string(user) : settings.database_user);
    if (!settings.database_password.empty()) target = postgres::with_keyword(target, "password", settings.database_password.reveal());
    return runtime::Secret(target);
  } catch (const postgres::NotSetUp& error) {
    throw runtime::SettingsError(one_line(error.what()));
  }
}

std::variant<int, std::string> look_at_database(const runtime::Secret& target) {
  const std::string name = postgres::describe(target.reveal());
  try {
    postgres::Connection connection(target.reveal());
    return events::check_schema(connection).shards;
  } catch (const events::StoreError& error) {
    return one_line(error.what());
  } catch (const postgres::ConnectionLost& error) {
    return fmt::format("cannot reach Postgres ({}): {}: start it, or set --database", name, one_line(error.what()));
  } catch (const postgres::NotSetUp& error) {
    return fmt::format("Postgres ({}) refuses: {}: make the database and run 'sagactl db migrate', or set --database", name,
                       one_line(error.what()));
  } catch (const postgres::Error& error) {
    return fmt::format("Postgres ({}) fails: {}", name, one_line(error.what()));
  }
}

}  // namespace ordersaga::daemon
