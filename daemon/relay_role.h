// The role that publishes the log.
#pragma once

#include <memory>

#include "daemon/handover.h"
#include "daemon/role.h"
#include "daemon/settings.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// It takes what an orchestrator in this process hands over, and all else from the store. All outlive the role.
std::unique_ptr<Role> make_relay_role(const Settings& settings, runtime::Metrics& metrics, Handover& handover);

}  // namespace ordersaga::daemon
