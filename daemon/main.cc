// ordersagad: settings, resources, roles, run.

#include <iostream>

#include "daemon/kafka_metrics.h"
#include "daemon/ops_endpoint.h"
#include "daemon/readiness.h"
#include "daemon/role.h"
#include "daemon/roles.h"
#include "daemon/servers.h"
#include "daemon/settings.h"
#include "daemon/startup_checks.h"
#include "daemon/store_metrics.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/shutdown.h"

namespace {

using namespace ordersaga;

// Of the ten seconds that a stop may take.
constexpr std::chrono::milliseconds kGrace{9'500};

int run(const daemon::Settings& settings) {
  runtime::Shutdown shutdown(kGrace);
  runtime::Metrics metrics;
  daemon::Readiness readiness;
  const auto endpoint = daemon::open_endpoint(settings, metrics, readiness, shutdown.token());
  const auto shards = endpoint ? daemon::find_shards(settings, shutdown.token()) : std::nullopt;
  if (!shards) return 0;  // told to stop while it waited
  daemon::export_store_traffic(metrics);
  daemon::export_kafka_clients(metrics);
  daemon::Handover handover;
  const auto roles = daemon::make_roles(settings, *shards, metrics, handover);
  for (const auto& role : roles) readiness.add(std::string(role->name()), [&role = *role] { return role.problem(); });
  readiness.started();
  const int code = daemon::run_roles(roles, shutdown);
  readiness.remove_checks();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  daemon::Settings settings;
  try {
    if (const auto text = daemon::read_settings(argc, argv, runtime::process_environment(), settings)) {
      std::cout << *text;
      return 0;
    }
    runtime::log::configure(*runtime::log::parse_level(settings.log_level), *runtime::log::parse_format(settings.log_format));
    return run(settings);
  } catch (const runtime::SettingsError& error) {
    std::cerr << "ordersagad: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "ordersagad: " << error.what() << '\n';
    return 1;
  }
}
