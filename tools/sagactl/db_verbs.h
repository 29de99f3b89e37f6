// The verbs of `sagactl db` that have a file of their own.
#pragma once

#include "tools/sagactl/command.h"

namespace ordersaga::sagactl {

void add_new_epoch(CLI::App& noun, Action& chosen);
void add_partitions(CLI::App& noun, Action& chosen);

// A session as ordersaga_owner, for what changes the installation itself: connects as libpq's own default user, who must be
// allowed to act as the owner, as for db migrate. `session_user` stays the person. Throws Failure.
std::unique_ptr<runtime::postgres::Connection> connect_as_owner(const Context& context);

}  // namespace ordersaga::sagactl
