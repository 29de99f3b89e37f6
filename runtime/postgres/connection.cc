#include "runtime/postgres/connection.h"

#include <libpq-fe.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "runtime/postgres/classify.h"
#include "runtime/postgres/pqxx_session.h"

namespace ordersaga::runtime::postgres {

namespace {

// rows.cc reads values in these forms. The server's roles and the operator's target may say otherwise.
constexpr const char* kForms = "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET IntervalStyle = 'iso_8601'";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ConnectOptions = std::unique_ptr<PQconninfoOption, FreeOptions>;

ConnectOptions parse_target(const std::string& target) {
  char* error = nullptr;
  ConnectOptions options(PQconninfoParse(target.c_str(), &error));
  if (!options) {
    std::string what = error != nullptr ? error : "out of memory";
    PQfreemem(error);
    throw NotSetUp("the database's target cannot be read: " + what);
  }
  return options;
}

void append_keyword(std::string& out, std::string_view keyword, std::string_view value) {
  if (!out.empty()) out += ' ';
  out.append(keyword).append("='");
  for (char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  out += '\'';
}

// A session that is lost is dropped: libpq may still count it as open.
template <class Session, class F>
Rows or_drop(std::unique_ptr<Session>& session, F&& f) {
  try {
    try {
      return f();
    } catch (...) {
      rethrow_classified(session->is_open());
    }
  } catch (const ConnectionLost&) {
    session.reset();
    throw;
  }
}

}  // namespace

std::string with_defaults(const std::string& target) {
  constexpr std::pair<const char*, const char*> defaults[] = {
      {"client_encoding", "UTF8"}, {"connect_timeout", "5"},      {"keepalives_idle", "5"},         {"keepalives_interval", "2"},
      {"keepalives_count", "3"},   {"tcp_user_timeout", "10000"}, {"application_name", "ordersaga"}};
  std::string out;
  ConnectOptions options = parse_target(target);
  for (const PQconninfoOption* o = options.get(); o->keyword != nullptr; ++o)
    if (o->val != nullptr) append_keyword(out, o->keyword, o->val);
  for (const auto& [keyword, value] : defaults)
    for (const PQconninfoOption* o = options.get(); o->keyword != nullptr; ++o)
      if (std::string_view(o->keyword) == keyword && o->val == nullptr) append_keyword(out, keyword, value);
  return out;
}

struct Connection::Tally {
  std::atomic<std::uint64_t> statements{0};
  std::atomic<std::uint64_t> commits{0};

  struct All {
    std::mutex mutex;
    std::map<std::string, Tally> by_user;  // never erased: connections keep pointers
  };
  static All& all() {
    static All tallies;
    return tallies;
  }
  static Tally& of(const std::string& user) {
    const std::lock_guard lock(all().mutex);
    return all().by_user[user];
  }
};

void count_statement(const std::string& user) {
  Connection::Tally::of(user).statements.fetch_add(1, std::memory_order_relaxed);
}

std::map<std::string, Traffic> traffic_by_user() {
  const std::lock_guard lock(Connection::Tally::all().mutex);
  std::map<std::string, Traffic> traffic;
  for (const auto& [user, tally] : Connection::Tally::all().by_user)
    traffic.emplace(user, Traffic{tally.statements.load(std::memory_order_relaxed), tally.commits.load(std::memory_order_relaxed)});
  return traffic;
}

class Connection::Session {
 public:
  explicit Session(const std::string& target)
      : connection_(with_defaults(target)),
        notices_(connection_, [this](std::string_view text) { hear(text); }),
        transaction_(connection_) {
    forbid_reconnection(connection_);
  }

  Rows exec(const std::string& sql) { return Rows(exec_text(transaction_, sql)); }
  Rows exec(const Statement& statement, const Parameters& parameters) {
    if (prepared_.insert(statement.name).second) connection_.prepare(statement.name, statement.sql);
    return Rows(exec_prepared(transaction_, statement.name, parameters.values()));
  }
  bool is_open() const { return connection_.is_open(); }
  std::string user() { return connection_.username(); }

  void forget_notice() { heard_ = false; }
  // Nothing since forget_notice(): null.
  const std::string* notice() const { return heard_ ? &notice_ : nullptr; }

 private:
  void hear(std::string_view text) noexcept {
    heard_ = true;
    try {
      notice_.assign(text);
    } catch (const std::bad_alloc&) {
      notice_.clear();  // that there was one is what counts
    }
  }

  pqxx::connection connection_;
  Notices notices_;
  // Sends what it is given and nothing else: BEGIN and COMMIT are ours, so that each of their failures is seen here.
  pqxx::nontransaction transaction_;
  std::unordered_set<std::string> prepared_;
  bool heard_ = false;
  std::string notice_;
};

Connection::Connection(const std::string& target) {
  try {
    session_ = std::make_unique<Session>(target);
    tally_ = &Tally::of(session_->user());
  } catch (const pqxx::broken_connection& e) {
    throw_for_connect(e.what());
  } catch (...) {
    rethrow_classified(false);
  }
  exec(kForms);
}

Connection::~Connection() = default;

bool Connection::is_open() const {
  return session_ && session_->is_open();
}

Rows Connection::exec(const std::string& sql) {
  if (!session_) throw ConnectionLost("the connection was dropped");
  ++statements_;
  tally_->statements.fetch_add(1, std::memory_order_relaxed);
  return or_drop(session_, [&] { return session_->exec(sql); });
}

Rows Connection::exec(const Statement& statement, const Parameters& parameters) {
  if (!session_) throw ConnectionLost("the connection was dropped");
  ++statements_;
  tally_->statements.fetch_add(1, std::memory_order_relaxed);
  return or_drop(session_, [&] { return session_->exec(statement, parameters); });
}

void Connection::commit() {
  if (!session_) throw ConnectionLost("the connection was dropped");
  session_->forget_notice();
  try {
    exec("COMMIT");
  } catch (const ConnectionLost& e) {
    session_.reset();
    throw CommitUnknown(std::string("the connection broke during COMMIT: ") + e.what(), e.sqlstate);
  } catch (const Error&) {
    // The server answered with an error: it rolled back. If it is gone by now, nobody can say in which order.
    if (is_open()) throw;
    session_.reset();
    throw CommitUnknown("the connection broke during COMMIT");
  }
  // A commit that was cancelled while it waited for a standby succeeds with a warning (SQLSTATE 01000): it is done here and
  // may be lost in a fail-over. COMMIT has no other reason to say anything.
  if (const std::string* notice = session_->notice()) throw CommitUnknown("COMMIT came back with a warning: " + *notice);
  tally_->commits.fetch_add(1, std::memory_order_relaxed);
}

void Connection::rollback() noexcept {
  if (!session_) return;
  try {
    exec("ROLLBACK");
  } catch (...) {
    session_.reset();
  }
}

std::string with_keyword(const std::string& target, const std::string& keyword, const std::string& value) {
  std::string out;
  ConnectOptions options = parse_target(target);
  for (const PQconninfoOption* o = options.get(); o->keyword != nullptr; ++o)
    if (o->val != nullptr && o->keyword != keyword) append_keyword(out, o->keyword, o->val);
  append_keyword(out, keyword, value);
  return out;
}

std::string describe(const std::string& target) {
  std::string out;
  ConnectOptions options = parse_target(target);
  for (const PQconninfoOption* o = options.get(); o->keyword != nullptr; ++o) {
    std::string_view keyword = o->keyword;
    if (o->val != nullptr && (keyword == "host" || keyword == "port" || keyword == "dbname" || keyword == "user"))
      append_keyword(out, keyword, o->val);
  }
  return out.empty() ? "the default database of libpq" : out;
}

}  // namespace ordersaga::runtime::postgres
