// One seed, one simulated life of the system: faults for a while, then none, then judgement.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/faults.h"
#include "tests/simulation/mutant.h"

namespace ordersaga::simulation {

struct SimulationOptions {
  std::uint64_t seed = 1;
  std::size_t orders = 50;
  // Of these each seed turns some off.
  FaultSet faults = kAllFaults;
  Mutant mutant = Mutant::none;
  // Whose records and calls to tell; empty: nobody's.
  std::string tell = {};
};

struct Outcome {
  std::vector<std::string> problems;  // empty: all is well
  FaultCounts faults{};
  std::uint64_t trace_hash = 0;
  std::uint64_t steps = 0;
  std::uint64_t crashes = 0;
  std::uint64_t records = 0;
  // That relays read, and where.
  std::uint64_t from_memory = 0;
  std::uint64_t from_store = 0;
  double virtual_seconds = 0;
  // A line for each record and call of SimulationOptions::tell.
  std::vector<std::string> told;
};

Outcome simulate(const SimulationOptions& options);

}  // namespace ordersaga::simulation
