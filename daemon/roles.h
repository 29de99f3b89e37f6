// The roles of this process, wired to their resources.
#pragma once

#include <memory>
#include <vector>

#include "daemon/role.h"
#include "daemon/settings.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// Those that the settings name. `settings` and `metrics` outlive them. An orchestrator wakes the relay that is in the same
// process. Connects to nothing yet.
std::vector<std::unique_ptr<Role>> make_roles(const Settings& settings, int shards, runtime::Metrics& metrics);

}  // namespace ordersaga::daemon
