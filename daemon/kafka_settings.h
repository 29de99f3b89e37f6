// How the roles reach Kafka.
#pragma once

#include <string>
#include <string_view>

#include "daemon/settings.h"
#include "runtime/kafka/client.h"
#include "runtime/kafka/kafka_consumer.h"

namespace ordersaga::daemon {

runtime::kafka::Config kafka_config(const Settings& settings, std::string_view role);

// The membership of a role's group, with this process' name and patience. With an instance's name it is a static one: after
// a restart it has its partitions at once, and nobody else gets them before the session has run out.
runtime::kafka::ConsumerOptions as_member(runtime::kafka::ConsumerOptions membership, const Settings& settings, std::string_view role);

}  // namespace ordersaga::daemon
