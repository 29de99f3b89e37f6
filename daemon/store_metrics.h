// What the process asks of Postgres, as metrics.
#pragma once

#include "runtime/metrics.h"

namespace ordersaga::daemon {

// Exports the statements and commits of all roles' connections, by database role.
void export_store_traffic(runtime::Metrics& metrics);

}  // namespace ordersaga::daemon
