// The role that publishes the log.
#pragma once

#include <memory>

#include "daemon/role.h"
#include "daemon/settings.h"
#include "outbox-relay/wake.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// `wake` is notified when the log has grown by an orchestrator in this process. All outlive the role.
std::unique_ptr<Role> make_relay_role(const Settings& settings, runtime::Metrics& metrics, relay::Wake& wake);

}  // namespace ordersaga::daemon
