// How many sagas are under way and in which state, as the read models show them: these counts must survive restarts, so no
// process adds them up itself.
#pragma once

#include <memory>

#include "daemon/role.h"
#include "daemon/settings.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// A role that counts in the database every 15 seconds, or a hundred times as long as counting takes when that is more. It runs
// beside the projector, with that one's rights. Both arguments outlive the role.
std::unique_ptr<Role> make_saga_gauges_role(const Settings& settings, runtime::Metrics& metrics);

}  // namespace ordersaga::daemon
