// What the daemon can be told.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/secret.h"
#include "runtime/settings.h"

namespace ordersaga::daemon {

// Instead of an URL: the effect is answered inside the process, by the simulators' logic; for benchmarks.
inline constexpr std::string_view kInProcess = "inprocess";

struct Settings {
  std::vector<std::string> roles{"all"};
  std::string database = "dbname=ordersaga";
  std::string database_user;
  runtime::Secret database_password;
  std::string brokers = "127.0.0.1:9092";
  std::string gateway_url;
  std::string carrier_url;
  std::string http_address = "127.0.0.1";
  std::int64_t http_port = 8090;
  std::int64_t turn_size = 2'000;
  std::int64_t lanes = 2;
  std::int64_t ready_lag = 60;
  std::string instance;
  bool wait = false;
  std::string log_level = "info";
  std::string log_format = "auto";

  // Whether the role is named, or all are.
  bool runs(std::string_view role) const;
};

// Gives `settings` their values. A text instead is what --help or --version asked for.
// Throws runtime::SettingsError, one line, also for values that do not fit together.
std::optional<std::string> read_settings(int argc, const char* const* argv, const runtime::Environment& environment, Settings& settings);

}  // namespace ordersaga::daemon
