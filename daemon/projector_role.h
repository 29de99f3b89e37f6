// The role that keeps the read models.
#pragma once

#include <memory>

#include "daemon/role.h"
#include "daemon/settings.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// `settings` and `metrics` outlive the role.
std::unique_ptr<Role> make_projector_role(const Settings& settings, runtime::Metrics& metrics);

}  // namespace ordersaga::daemon
