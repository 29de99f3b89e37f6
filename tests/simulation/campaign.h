// Many seeds, their sum, and whether every kind of fault has shown itself.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/simulation.h"

namespace ordersaga::simulation {

struct CampaignOptions {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  std::size_t orders = 50;
  FaultSet faults = kAllFaults;
  Mutant mutant = Mutant::none;
  int jobs = 1;
  bool keep_going = false;
  std::string tell = {};
};

struct Tally {
  std::uint64_t seeds = 0;
  std::uint64_t run_twice = 0;
  std::uint64_t orders = 0;
  std::uint64_t records = 0;
  std::uint64_t steps = 0;
  std::uint64_t crashes = 0;
  double virtual_seconds = 0;
  double seconds = 0;
  FaultCounts faults{};
  std::vector<std::uint64_t> failed;
  // Faults that were allowed and never fired, in a campaign that is long enough for it.
  std::vector<std::string> silent_faults;
};

// Says each failing seed, and its command line, through `say`.
Tally run_campaign(const CampaignOptions& options, const std::function<void(const std::string&)>& say);
std::string describe(const Tally& tally);

// Each returns what is wrong with the text; empty: nothing.
std::string parse_seeds(std::string_view text, CampaignOptions& options);
std::string parse_faults(std::string_view text, FaultSet& faults);
std::string command_line(const SimulationOptions& options, FaultSet allowed);

}  // namespace ordersaga::simulation
