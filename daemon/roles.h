// The roles of this process, wired to their resources.
#pragma once

#include <memory>
#include <vector>

#include "daemon/role.h"
#include "daemon/settings.h"
#include "outbox-relay/wake.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// Those that the settings name. `settings`, `metrics` and `log_grew` outlive them; an orchestrator notifies log_grew, and a
// relay in the same process waits for it. Connects to nothing yet.
std::vector<std::unique_ptr<Role>> make_roles(const Settings& settings, int shards, runtime::Metrics& metrics, relay::Wake& log_grew);

}  // namespace ordersaga::daemon
