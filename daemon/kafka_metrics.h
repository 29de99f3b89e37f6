// What the process has of Kafka's clients, as metrics.
#pragma once

#include "runtime/metrics.h"

namespace ordersaga::daemon {

// Exports how many clients of all roles were left behind, because one of their threads did not end.
void export_kafka_clients(runtime::Metrics& metrics);

}  // namespace ordersaga::daemon
