// What the orchestrator counts, as metrics.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "consumers/effects/effects.h"
#include "consumers/orchestrator.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

class OrchestratorMetrics {
 public:
  // All must outlive this.
  OrchestratorMetrics(runtime::Metrics& metrics, const consumers::Orchestrator& orchestrator, const consumers::Effects& effects);

 private:
  using Count = std::atomic<std::uint64_t> consumers::LaneCounters::*;
  struct Mirrored {
    Count count;
    runtime::CounterMirror mirror;
  };
  void collect();

  const consumers::Orchestrator& orchestrator_;
  const consumers::Effects& effects_;
  std::vector<Mirrored> counters_;
  prometheus::Gauge& effects_in_flight_;
  prometheus::Gauge& clocks_apart_;
  prometheus::Gauge& parked_now_;
  prometheus::Gauge& backlog_;
  runtime::Metrics::Collection collection_;  // last: it uses the others
};

}  // namespace ordersaga::daemon
