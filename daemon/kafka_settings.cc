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

runtime::kafka::ConsumerOptions group_member(const Settings& settings, std::string_view role, std::string_view group, std::string topic) {
  runtime::kafka::ConsumerOptions options;
  options.group = group;
  options.topics = {std::move(topic)};
  options.session_timeout = kSessionTimeout;
  if (!settings.instance.empty()) options.instance_id = settings.instance + "-" + std::string(role);
  return options;
}

}  // namespace ordersaga::daemon
