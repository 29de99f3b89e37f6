// The projector as a role of the daemon: a loop on the calling thread, and its metrics.
#pragma once

#include <memory>
#include <stop_token>

#include "projections/runner.h"
#include "runtime/clock.h"
#include "runtime/metrics.h"

namespace ordersaga::projections {

// The consumer group of all projectors.
inline constexpr std::string_view kProjectorGroup = "ordersaga-projector";

// Steps until stopped; the step at work ends first. While the store is not there it tries again, with back-off. Throws
// StoreMisconfigured, and what is no StoreError.
void run_projector(std::stop_token stop, Runner& runner, runtime::Random& random);

// Exposes the runner's counters as long as the result lives. The runner and the metrics outlive it.
[[nodiscard]] std::unique_ptr<runtime::Metrics::Collection> export_counters(runtime::Metrics& metrics, const Runner& runner,
                                                                            const std::string& session);

}  // namespace ordersaga::projections
