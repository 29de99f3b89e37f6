// The role that keeps the read models.
#pragma once

#include <memory>
#include <vector>

#include "daemon/role.h"
#include "daemon/settings.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// One for each session of the projector in this process. `settings` and `metrics` outlive them.
std::vector<std::unique_ptr<Role>> make_projector_roles(const Settings& settings, runtime::Metrics& metrics);

}  // namespace ordersaga::daemon
