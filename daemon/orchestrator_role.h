// The role that decides: turns, sagas, and the calls to the outside.
#pragma once

#include <functional>
#include <memory>

#include "daemon/role.h"
#include "daemon/settings.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// `committed` is called, from any thread, when the log has grown. `settings` and `metrics` outlive the role.
std::unique_ptr<Role> make_orchestrator_role(const Settings& settings, int shards, runtime::Metrics& metrics,
                                             std::function<void()> committed);

}  // namespace ordersaga::daemon
