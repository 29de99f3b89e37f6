// The role that decides: turns, sagas, and the calls to the outside.
#pragma once

#include <memory>

#include "daemon/handover.h"
#include "daemon/role.h"
#include "daemon/settings.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// What it appends to the log it hands over to a relay in this process. All outlive the role.
std::unique_ptr<Role> make_orchestrator_role(const Settings& settings, int shards, runtime::Metrics& metrics, Handover& handover);

}  // namespace ordersaga::daemon
