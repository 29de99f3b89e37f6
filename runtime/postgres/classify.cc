#include "runtime/postgres/classify.h"

#include <pqxx/except>

#include "runtime/postgres/errors.h"

namespace ordersaga::runtime::postgres {

namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

void throw_for_state(const std::string& state, const std::string& message) {
  std::string what = trimmed(message);
  auto in_class = [&](std::string_view c) { return state.starts_with(c); };
  // 57P01…04: the server goes down or drops the session; 25P03: idle in a transaction for too long; 57P05: idle.
  if (in_class("08") || in_class("57P") || state == "25P03") throw ConnectionLost(what, state);
  if (state == "55P03") throw LockTimeout(what, state);
  if (in_class("22") || in_class("23") || in_class("54")) throw DataRefused(what, state);
  // 53: no resources left; 57014: statement_timeout or a cancel; 58: the server's disk; 55006: an object is in use.
  if (in_class("40") || in_class("53") || in_class("58") || state == "57014" || state == "55006") throw TryAgain(what, state);
  if (in_class("28") || in_class("3D") || in_class("3F") || state == "42501" || state == "42P01" || state == "42703" || state == "42883")
    throw NotSetUp(what, state);
  throw Error(what, state);
}

void throw_for_connect(const std::string& message) {
  std::string what = trimmed(message);
  for (const char* sign : {"does not exist", "authentication failed", "no password supplied", "no pg_hba.conf entry", "permission denied",
                           "is not permitted to log in", "could not translate host name"})
    if (what.find(sign) != std::string::npos) throw NotSetUp(what);
  throw ConnectionLost(what);
}

void rethrow_classified(bool open) {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const pqxx::in_doubt_error& e) {
    throw CommitUnknown(trimmed(e.what()));
  } catch (const pqxx::transaction_rollback& e) {
    throw TryAgain(trimmed(e.what()));  // class 40, which libpqxx 6 gives without its SQLSTATE
  } catch (const pqxx::insufficient_privilege& e) {
    throw NotSetUp(trimmed(e.what()), "42501");
  } catch (const pqxx::sql_error& e) {
    // Without a SQLSTATE it is libpq that speaks, not the server: the connection broke, though libpq may not count it as
    // closed yet (a statement that could not even be written).
    if (e.sqlstate().empty()) throw ConnectionLost(trimmed(e.what()));
    throw_for_state(e.sqlstate(), e.what());
  } catch (const pqxx::broken_connection& e) {
    throw ConnectionLost(trimmed(e.what()));
  } catch (const pqxx::failure& e) {
    if (!open) throw ConnectionLost(trimmed(e.what()));
    throw Error(trimmed(e.what()));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    if (!open) throw ConnectionLost(trimmed(e.what()));
    throw Error(trimmed(e.what()));
  }
}

}  // namespace ordersaga::runtime::postgres
