// What may stand next on a command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "tools/sagactl/console.h"

namespace ordersaga::sagactl {

// Live values of a positional argument ("order", "saga", "topic" …) that begin with `prefix`.
using Values = std::function<std::vector<std::string>(const std::string& argument, const std::string& prefix)>;

// Candidates for the last of `words` (may be empty), which follow the program's name.
std::vector<std::string> complete(const CLI::App& root, const std::vector<std::string>& words, const Values& values);

// The hidden command that the shells' scripts call: `sagactl __complete <words>`. It does not go through the parser, which
// would take the words for its own. Prints a candidate a line; never an error.
inline constexpr const char* kCompleteCommand = "__complete";
int run_complete(const std::vector<std::string>& words, Console& console);

}  // namespace ordersaga::sagactl
