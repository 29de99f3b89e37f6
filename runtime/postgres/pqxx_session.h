// The differences between libpqxx 6.4 and 7.10, and nothing else.
#pragma once

#include <functional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ordersaga::runtime::postgres {

// Notices, in both: hands the text of every notice of a connection to a handler that does not throw, as long as it lives.

#if PQXX_VERSION_MAJOR >= 7

inline pqxx::result exec_text(pqxx::transaction_base& transaction, const std::string& sql) {
  return transaction.exec(sql);
}
inline pqxx::result exec_prepared(pqxx::transaction_base& transaction, const char* name, const std::vector<std::string>& values) {
  pqxx::params arguments;
  arguments.reserve(values.size());
  for (const std::string& v : values) arguments.append(pqxx::bytes_view(reinterpret_cast<const std::byte*>(v.data()), v.size()));
  return transaction.exec(pqxx::prepped{name}, arguments);
}
class Notices {
 public:
  Notices(pqxx::connection& connection, std::function<void(std::string_view)> handler) {
    connection.set_notice_handler([handler](pqxx::zview text) noexcept { handler(std::string_view(text)); });
  }
};
inline void forbid_reconnection(pqxx::connection&) {}  // libpqxx 7 never does it

#else

inline pqxx::result exec_text(pqxx::transaction_base& transaction, const std::string& sql) {
  return transaction.exec(sql);
}
inline pqxx::result exec_prepared(pqxx::transaction_base& transaction, const char* name, const std::vector<std::string>& values) {
  std::vector<pqxx::binarystring> arguments;
  arguments.reserve(values.size());
  for (const std::string& v : values) arguments.emplace_back(v.data(), v.size());
  return transaction.exec_prepared(name, pqxx::prepare::make_dynamic_params(arguments));
}
class Notices final : public pqxx::errorhandler {
 public:
  Notices(pqxx::connection_base& connection, std::function<void(std::string_view)> handler)
      : pqxx::errorhandler(connection), handler_(std::move(handler)) {}
  bool operator()(const char text[]) noexcept override {
    handler_(text);
    return false;  // no other handler, which would write to stderr
  }

 private:
  std::function<void(std::string_view)> handler_;
};
// By itself libpqxx 6 would reconnect at the next statement, in the middle of what the caller takes for one session.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
inline void forbid_reconnection(pqxx::connection& connection) {
  connection.inhibit_reactivation(true);
}
#pragma GCC diagnostic pop

#endif

}  // namespace ordersaga::runtime::postgres
