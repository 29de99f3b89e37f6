// Reading one's own write: a command's reply says where in the log it stands, and a read can wait until a read model has got there.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tools/sagactl/context.h"

namespace ordersaga::sagactl {

// Declares --min-position.
void add_min_position(CLI::App& app, std::string& value);

// Returns when the projection has applied "SHARD:POSITION" (empty: at once). Throws Failure: usage, timed_out after --timeout.
void wait_for_position(Context& context, const std::string& projection, const std::string& value);

}  // namespace ordersaga::sagactl
