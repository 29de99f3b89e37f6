#include "daemon/orchestrator_metrics.h"

#include <string>

#include "schemas/headers.h"

namespace ordersaga::daemon {
namespace {

using consumers::LaneCounters;

}  // namespace

OrchestratorMetrics::OrchestratorMetrics(runtime::Metrics& metrics, const consumers::Orchestrator& orchestrator,
                                         const consumers::Effects& effects)
    : orchestrator_(orchestrator),
      effects_(effects),
      counters_{
          {&LaneCounters::turns, runtime::CounterMirror(metrics.counter("turns_total", "Turns committed."))},
          {&LaneCounters::inputs, runtime::CounterMirror(metrics.counter("turn_inputs_total", "Inputs of committed turns."))},
          {&LaneCounters::commands, runtime::CounterMirror(metrics.counter("commands_total", "Commands decided."))},
          {&LaneCounters::rejected, runtime::CounterMirror(metrics.counter("commands_rejected_total", "Commands refused by a rule."))},
          {&LaneCounters::records, runtime::CounterMirror(metrics.counter("events_appended_total", "Records appended to the log."))},
          {&LaneCounters::duplicates, runtime::CounterMirror(metrics.counter("inbox_duplicates_total", "Commands delivered again.",
                                                                             {{"group", std::string(consumers::kOrchestratorGroup)}}))},
          {&LaneCounters::replays, runtime::CounterMirror(metrics.counter("replies_replayed_total", "Clients' retries answered again."))},
          {&LaneCounters::forwarded, runtime::CounterMirror(metrics.counter("commands_forwarded_total",
                                                                            "Commands that came on another partition than their key's."))},
          {&LaneCounters::stock_reruns,
           runtime::CounterMirror(metrics.counter("stock_reruns_total", "Turns run again because the stock had changed."))},
          {&LaneCounters::retries,
           runtime::CounterMirror(metrics.counter("store_retries_total", "Turns that the store did not let through."))},
          {&LaneCounters::in_doubt, runtime::CounterMirror(metrics.counter("commits_in_doubt_total", "Commits whose fate was not known."))},
          {&LaneCounters::parked, runtime::CounterMirror(metrics.counter("inputs_parked_total", "Inputs that broke their turn."))},
          {&LaneCounters::refused_too_old,
           runtime::CounterMirror(metrics.counter("commands_too_old_total", "Commands refused because their ids may be forgotten."))},
          {&LaneCounters::operators_commands,
           runtime::CounterMirror(metrics.counter("operators_commands_total", "Commands that operators left in the store."))},
          {&LaneCounters::effects_started, runtime::CounterMirror(metrics.counter("effects_started_total", "Calls to the outside begun."))},
          {&LaneCounters::effects_finished,
           runtime::CounterMirror(metrics.counter("effects_finished_total", "Calls to the outside ended."))},
          {&LaneCounters::timers_fired, runtime::CounterMirror(metrics.counter("timers_fired_total", "Wake-ups of sagas."))},
      },
      effects_in_flight_(metrics.gauge("effects_in_flight", "Calls to the outside under way.")),
      clocks_apart_(metrics.gauge("clocks_apart", "1: timers stand still, since the database's clock and ours differ too much.")),
      parked_now_(metrics.gauge("parked_inputs", "Inputs that broke their turn and wait for an operator; looked at every ten seconds.")),
      backlog_(metrics.gauge("command_backlog", "Commands taken from Kafka and not decided yet.")),
      collection_(metrics, [this] { collect(); }) {}

void OrchestratorMetrics::collect() {
  const auto sum_of_lanes = [this](auto value) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < orchestrator_.lanes(); ++i) sum += value(orchestrator_.lane(i));
    return sum;
  };
  for (Mirrored& m : counters_)
    m.mirror.set(sum_of_lanes([&m](const consumers::Lane& lane) { return (lane.counters().*m.count).load(std::memory_order_relaxed); }));
  effects_in_flight_.Set(static_cast<double>(effects_.in_flight()));
  parked_now_.Set(static_cast<double>(sum_of_lanes([](const consumers::Lane& lane) { return lane.counters().parked_now.load(); })));
  backlog_.Set(static_cast<double>(sum_of_lanes([](const consumers::Lane& lane) { return lane.backlog(); })));
  clocks_apart_.Set(
      sum_of_lanes([](const consumers::Lane& lane) -> std::uint64_t { return lane.counters().clocks_apart ? 1 : 0; }) > 0 ? 1 : 0);
}

}  // namespace ordersaga::daemon
