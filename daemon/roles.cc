#include "daemon/roles.h"

namespace ordersaga::daemon {

std::vector<std::unique_ptr<Role>> make_roles(const Settings&, int, runtime::Metrics&) {
  std::vector<std::unique_ptr<Role>> roles;
  return roles;
}

}  // namespace ordersaga::daemon
