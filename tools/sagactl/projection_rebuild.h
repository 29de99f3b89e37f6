// The verb `sagactl projection rebuild`, which has a file of its own.
#pragma once

#include "tools/sagactl/command.h"

namespace ordersaga::sagactl {

void add_projection_rebuild(CLI::App& noun, Action& chosen);

}  // namespace ordersaga::sagactl
