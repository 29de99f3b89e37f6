// The roles of this process, wired to their resources.
#pragma once

#include <memory>
#include <vector>

#include "daemon/handover.h"
#include "daemon/role.h"
#include "daemon/settings.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// Those that the settings name. All that is given outlives them; what an orchestrator hands over, a relay in the same process
// takes. Connects to nothing yet.
std::vector<std::unique_ptr<Role>> make_roles(const Settings& settings, int shards, runtime::Metrics& metrics, Handover& handover);

}  // namespace ordersaga::daemon
