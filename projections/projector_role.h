// The projector as a role of the daemon: a loop on the calling thread, and its metrics.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "projections/runner.h"
#include "runtime/clock.h"
#include "runtime/metrics.h"

namespace ordersaga::projections {

// The consumer group of all projectors.
inline constexpr std::string_view kProjectorGroup = "ordersaga-projector";

// How a projector gets on with its servers. Written by its thread, read from any.
struct ProjectorHealth {
  std::atomic<bool> brokers_down{false};
  // Microseconds of the steady clock: since when the store is not there, when the step began that is under way; 0: neither.
  std::atomic<std::int64_t> store_lost_since{0}, step_began{0};
};

// Whether Kafka cannot be reached; empty: it always can.
using BrokersDown = std::function<bool()>;

// One step. False: the store was not there. Throws StoreMisconfigured, and what is no StoreError.
bool step_projector(Runner& runner, const runtime::Clock& clock, ProjectorHealth& health, const BrokersDown& brokers_down);

// Steps until stopped; the step at work ends first. While the store is not there it tries again, with back-off. Throws as
// step_projector does.
void run_projector(std::stop_token stop, Runner& runner, const runtime::Clock& clock, runtime::Random& random, ProjectorHealth& health,
                   const BrokersDown& brokers_down);

// What keeps a projector from its work; nullopt: nothing. `now`: of the steady clock. Any thread.
std::optional<std::string> problem_of(const RunnerCounters& counters, const ProjectorHealth& health, std::chrono::microseconds now);

// Exposes the runner's counters as long as the result lives. The runner and the metrics outlive it.
[[nodiscard]] std::unique_ptr<runtime::Metrics::Collection> export_counters(runtime::Metrics& metrics, const Runner& runner,
                                                                            const std::string& session);

}  // namespace ordersaga::projections
