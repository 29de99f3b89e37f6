// What must be true when everything has come to rest: the checkers of tools/verify, and what each client was promised.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/clients.h"

namespace ordersaga::simulation {

struct Parts {
  bool relay = true;
  bool projector = true;
};

// Why the system is not at rest yet; empty: it is.
std::string unrest(Surroundings& around, const Clients& clients, const Parts& parts);

// Everything that is wrong. REQUIRES: at rest.
std::vector<std::string> judge(Surroundings& around, const Clients& clients, const Parts& parts);

}  // namespace ordersaga::simulation
