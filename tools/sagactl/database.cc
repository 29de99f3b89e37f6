#include "tools/sagactl/database.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <thread>

#include "events/errors.h"
#include "tools/sagactl/exit_code.h"

namespace ordersaga::sagactl {

namespace postgres = runtime::postgres;

namespace {

constexpr const char* kSession = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'";
constexpr const char* kBeginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr auto kRetryEvery = std::chrono::milliseconds(200);

std::string first_line(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  while (!line.empty() && (line.back() == ' ' || line.back() == ':')) line.pop_back();
  return line;
}

Failure failure_of(const postgres::NotSetUp& error) {
  std::string what = first_line(error.what());
  if (error.sqlstate == "42501" || error.sqlstate.starts_with("28"))
    return {ExitCode::not_allowed, what, "connect as a role that may: ordersaga_operator reads everything"};
  return {ExitCode::failed, what, "sagactl db migrate makes what is missing; sagactl db status tells what is there"};
}

}  // namespace

runtime::Secret connection_string(const Settings& settings, const std::string& default_role) {
  char* message = nullptr;
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(PQconninfoParse(settings.database.c_str(), &message), PQconninfoFree);
  std::unique_ptr<char, decltype(&PQfreemem)> owned(message, PQfreemem);
  if (!parsed) throw Failure(ExitCode::usage, fmt::format("database: {}", first_line(message == nullptr ? "cannot be read" : message)));
  bool names_application = false;
  bool names_user = false;
  for (PQconninfoOption* o = parsed.get(); o->keyword != nullptr; ++o) {
    if (o->val == nullptr) continue;
    if (std::string_view(o->keyword) == "password")
      throw Failure(ExitCode::usage, "database holds a password, which others could see",
                    "set ORDERSAGA_DATABASE_PASSWORD, or --database-password-file, or use libpq's ~/.pgpass");
    if (std::string_view(o->keyword) == "application_name") names_application = true;
    if (std::string_view(o->keyword) == "user") names_user = true;
  }
  std::string text = settings.database;
  if (!names_application) text = postgres::with_keyword(text, "application_name", "sagactl");
  if (!names_user && !default_role.empty()) text = postgres::with_keyword(text, "user", default_role);
  if (!settings.database_password.empty())
    text = postgres::with_keyword(text, "password", std::string(settings.database_password.reveal()));
  return runtime::Secret(text);
}

void rethrow_as_failure() {
  try {
    throw;
  } catch (const Failure&) {
    throw;
  } catch (const postgres::ConnectionLost& error) {
    throw Failure(ExitCode::unreachable, "Postgres: " + first_line(error.what()), "sagactl doctor");
  } catch (const postgres::NotSetUp& error) {
    throw failure_of(error);
  } catch (const postgres::Error& error) {
    throw Failure(ExitCode::failed, "Postgres: " + first_line(error.what()));
  } catch (const events::StoreMisconfigured& error) {
    throw Failure(ExitCode::failed, first_line(error.what()), "sagactl db status");
  } catch (const events::StoreUnavailable& error) {
    throw Failure(ExitCode::unreachable, first_line(error.what()), "sagactl doctor");
  } catch (const events::StoreError& error) {
    throw Failure(ExitCode::failed, first_line(error.what()));
  }
}

Database::Database(const Settings& settings, std::chrono::milliseconds timeout, bool wait, std::string default_role)
    : settings_(settings), timeout_(timeout), wait_(wait), default_role_(std::move(default_role)) {}
Database::~Database() = default;

postgres::Connection& Database::connection() {
  if (connection_) return *connection_;
  // libpq takes two seconds for the least.
  auto seconds = std::max<std::int64_t>(2, std::chrono::duration_cast<std::chrono::seconds>(timeout_).count());
  std::string target =
      postgres::with_keyword(std::string(connection_string(settings_, default_role_).reveal()), "connect_timeout", std::to_string(seconds));
  auto deadline = std::chrono::steady_clock::now() + timeout_;
  for (;;) {
    try {
      auto made = std::make_unique<postgres::Connection>(target);
      made->exec(kSession);
      connection_ = std::move(made);
      return *connection_;
    } catch (const postgres::ConnectionLost& error) {
      throw_if_stopped();
      if (!wait_ || std::chrono::steady_clock::now() >= deadline)
        throw Failure(ExitCode::unreachable,
                      fmt::format("Postgres does not answer ({}): {}", postgres::describe(settings_.database), first_line(error.what())),
                      "check --database or ORDERSAGA_DATABASE; --wait waits for it");
      std::this_thread::sleep_for(kRetryEvery);
    } catch (...) {
      rethrow_as_failure();
    }
  }
}

template <class F>
auto Database::guarded(F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (...) {
    if (connection_ && !connection_->is_open()) connection_.reset();
    rethrow_as_failure();
  }
}

Database::Rows Database::query(const Statement& statement, const std::vector<std::string>& parameters) {
  connection();
  return guarded([&] {
    postgres::Parameters values;
    for (const std::string& parameter : parameters) values.add(std::string_view(parameter));
    return connection_->exec(statement, values);
  });
}

std::vector<Json> Database::select(const Statement& statement, const std::vector<std::string>& parameters,
                                   const std::vector<Field>& fields) {
  std::vector<Json> rows;
  Rows result = query(statement, parameters);
  for (std::size_t r = 0; r < result.size(); ++r) {
    Json& object = rows.emplace_back(Json::parse(result.text(r, 0)));
    for (const Field& field : fields) {
      if (field.kind != Kind::time || !object.contains(field.name) || !object[field.name].is_string()) continue;
      std::string text = object[field.name].get<std::string>();
      if (text.ends_with("+00:00")) text.replace(text.size() - 6, 6, "Z");
      if (auto at = parse_iso(text)) object[field.name] = iso(*at);
    }
  }
  return rows;
}

void Database::at_one_moment(const std::function<void()>& read) {
  connection();
  guarded([&] {
    connection_->exec(kBeginSnapshot);
    try {
      read();
    } catch (...) {
      if (connection_) connection_->rollback();
      throw;
    }
    connection_->commit();
  });
}

events::Installation Database::installation() {
  connection();
  return guarded([&] { return events::check_schema(*connection_); });
}

}  // namespace ordersaga::sagactl
