#include "daemon/kafka_settings.h"

namespace ordersaga::daemon {
namespace {

// After a crash the shards of this process stand still for so long, unless it comes back under its instance's name.
constexpr std::chrono::seconds kSessionTimeout{10};

}  // namespace

runtime::kafka::Config kafka_config(const Settings& settings, std::string_view role) {
  runtime::kafka::Config config;
  config.brokers = settings.brokers;
  config.client_id = "ordersaga-" + std::string(role);
  return config;
}

runtime::kafka::ConsumerOptions as_member(runtime::kafka::ConsumerOptions membership, const Settings& settings, std::string_view role) {
  membership.session_timeout = kSessionTimeout;
  if (!settings.instance.empty()) membership.instance_id = settings.instance + "-" + std::string(role);
  return membership;
}

}  // namespace ordersaga::daemon
