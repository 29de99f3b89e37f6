// How the roles reach Kafka.
#pragma once

#include <string>
#include <string_view>

#include "daemon/settings.h"
#include "runtime/kafka/client.h"
#include "runtime/kafka/kafka_consumer.h"

namespace ordersaga::daemon {

runtime::kafka::Config kafka_config(const Settings& settings, std::string_view role);

// A member of the role's group. With an instance's name it is a static one: after a restart it has its partitions at once,
// and nobody else gets them before the session has run out.
runtime::kafka::ConsumerOptions group_member(const Settings& settings, std::string_view role, std::string_view group, std::string topic);

}  // namespace ordersaga::daemon
