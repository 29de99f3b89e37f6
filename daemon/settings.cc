#include "daemon/settings.h"

#include <algorithm>

namespace ordersaga::daemon {
namespace {

using runtime::SettingsError;

constexpr std::int64_t kMaxTurnSize = 5000;
constexpr std::int64_t kMaxLanes = 16;

void declare(runtime::SettingsReader& reader, Settings& s) {
  reader.add_choices("role", s.roles, "what this process does", {"orchestrator", "relay", "projector", "all"});
  reader.add("database", s.database, "Postgres, as a libpq connection string or URI without a password");
  reader.add("database_user", s.database_user,
             "user of all roles of this process; when empty, each has its own: ordersaga_writer, ordersaga_relay, ordersaga_projector");
  reader.add_secret("database_password", s.database_password, "password for Postgres");
  reader.add("brokers", s.brokers, "Kafka's bootstrap servers, host:port, separated by commas");
  reader.add("gateway_url", s.gateway_url,
             "payment gateway, http://host:port, or 'inprocess' for one that approves by itself (benchmarks)");
  reader.add("carrier_url", s.carrier_url, "carrier, http://host:port, or 'inprocess' for one that delivers by itself (benchmarks)");
  reader.add("http_address", s.http_address, "address of /metrics, /health and /ready");
  reader.add("http_port", s.http_port, "port of /metrics, /health and /ready; 0 takes a free one", {0, 65535});
  reader.add("turn_size", s.turn_size, "inputs of one turn, at most", {1, kMaxTurnSize});
  reader.add("lanes", s.lanes, "turns at work at a time, each on shards of its own", {1, kMaxLanes});
  reader.add("ready_lag", s.ready_lag, "seconds that a command may wait before the orchestrator counts as not ready", {1, 86'400});
  reader.add("instance", s.instance,
             "name of this process among those of its roles, the same after a restart; its shards then wait for it for some seconds");
  reader.add("wait", s.wait, "wait for the database, the brokers and the topics instead of ending");
  reader.add_choice("log_level", s.log_level, "least level that is logged", {"trace", "debug", "info", "warn", "error", "off"});
  reader.add_choice("log_format", s.log_format, "auto is text on a terminal, else JSON", {"auto", "json", "text"});
}

// Whether a libpq string or URI holds a password: it would be seen in the process list and in errors.
bool holds_password(std::string_view connection) {
  if (connection.find("password") != std::string_view::npos) return true;
  const auto scheme = connection.find("://");
  if (scheme == std::string_view::npos) return false;
  const auto authority = connection.substr(scheme + 3, connection.find_first_of("/?", scheme + 3) - scheme - 3);
  const auto at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
}

void check_url(std::string_view name, const std::string& url) {
  if (url.empty())
    throw SettingsError(std::string(name) + " is not set: the orchestrator needs http://host:port, or 'inprocess' for a benchmark");
  if (url != kInProcess && !url.starts_with("http://"))
    throw SettingsError(std::string(name) + " = '" + url + "': must be http://host:port or inprocess");
}

void check(const Settings& s) {
  if (holds_password(s.database))
    throw SettingsError(
        "database holds a password, which others could see: use ORDERSAGA_DATABASE_PASSWORD or --database-password-file "
        "(database_password_file), or libpq's "
        "~/.pgpass");
  if (s.roles.size() > 1 && std::find(s.roles.begin(), s.roles.end(), "all") != s.roles.end())
    throw SettingsError("role 'all' stands for itself: leave out the others");
  if (s.runs("orchestrator")) {
    check_url("gateway_url", s.gateway_url);
    check_url("carrier_url", s.carrier_url);
    if ((s.gateway_url == kInProcess) != (s.carrier_url == kInProcess))
      throw SettingsError("gateway_url and carrier_url must both be 'inprocess', or none of them");
  }
}

}  // namespace

bool Settings::runs(std::string_view role) const {
  return std::any_of(roles.begin(), roles.end(), [role](const std::string& r) { return r == role || r == "all"; });
}

std::optional<std::string> read_settings(int argc, const char* const* argv, const runtime::Environment& environment, Settings& settings) {
  runtime::SettingsReader reader("ordersagad", "Runs Ordersaga: orchestrator, relay and projector.", ORDERSAGA_VERSION);
  declare(reader, settings);
  if (auto text = reader.read(argc, argv, environment)) return text;
  check(settings);
  return std::nullopt;
}

}  // namespace ordersaga::daemon
