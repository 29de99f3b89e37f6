#include "daemon/roles.h"

#include "daemon/orchestrator_role.h"
#include "daemon/projector_role.h"
#include "daemon/relay_role.h"
#include "daemon/saga_gauges.h"

namespace ordersaga::daemon {

std::vector<std::unique_ptr<Role>> make_roles(const Settings& settings, int shards, runtime::Metrics& metrics, Handover& handover) {
  std::vector<std::unique_ptr<Role>> roles;
  if (settings.runs("projector")) {
    roles = make_projector_roles(settings, metrics);
    roles.push_back(make_saga_gauges_role(settings, metrics));
  }
  if (settings.runs("relay")) roles.push_back(make_relay_role(settings, metrics, handover));
  if (settings.runs("orchestrator")) roles.push_back(make_orchestrator_role(settings, shards, metrics, handover));
  return roles;
}

}  // namespace ordersaga::daemon
