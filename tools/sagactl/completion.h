// What may stand next on a command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace ordersaga::sagactl {

// Live values of a positional argument ("order", "saga", "topic" …) that begin with `prefix`.
using Values = std::function<std::vector<std::string>(const std::string& argument, const std::string& prefix)>;

// Candidates for the last of `words` (may be empty), which follow the program's name.
std::vector<std::string> complete(const CLI::App& root, const std::vector<std::string>& words, const Values& values);

}  // namespace ordersaga::sagactl
