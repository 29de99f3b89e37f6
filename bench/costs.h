// What a run has cost the system, in all and per order: the difference of two looks at it.
#pragma once

#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "bench/process_usage.h"
#include "bench/system_figures.h"

namespace ordersaga::bench {

using Json = nlohmann::ordered_json;

struct Snapshot {
  Figures figures;
  Statistics statistics;
  std::vector<std::pair<std::string, ProcessUsage>> processes;
};

// Before a run, and after it. Each waits until Postgres' statistics are whole, the first before it looks at anything else, the second
// after it, so that the rest is not measured. Throw what System and usage_of() throw, and std::runtime_error when the stop is
// requested.
Snapshot look_before(System& system, const NamedPids& pids, const std::stop_token& stop);
Snapshot look_after(System& system, const NamedPids& pids, const std::stop_token& stop);

// "per_order" and "processes". Both looks are at the same processes.
Json costs(const Snapshot& before, const Snapshot& after, double orders);
// The same as a table on stderr.
void print_costs(const Json& costs);

}  // namespace ordersaga::bench
