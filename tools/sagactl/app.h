// sagactl as a function: arguments and streams in, exit code out.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tools/sagactl/command.h"

namespace ordersaga::sagactl {

// What the global flags say, as typed.
struct GlobalFlags {
  std::string output = "table";
  std::string time_format = "relative";
  std::string color = "auto";
  std::string progress = "auto";
  std::string timeout;
  std::string profile;
  bool wait = false;
  bool quiet = false;
  bool verbose = false;
  bool yes = false;
  Overrides settings;
};

// The whole command tree. `flags` and `chosen` must outlive it.
std::unique_ptr<CLI::App> make_app(GlobalFlags& flags, Action& chosen);

// Runs one command. `arguments` without the program's name. Never throws.
int run(const std::vector<std::string>& arguments, Console& console);

}  // namespace ordersaga::sagactl
