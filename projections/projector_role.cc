#include "projections/projector_role.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

#include "events/errors.h"
#include "runtime/backoff.h"
#include "runtime/log.h"

namespace ordersaga::projections {

namespace {

constexpr std::chrono::milliseconds kBearableLag{60'000};
constexpr std::chrono::seconds kStorePatience{2};
constexpr std::chrono::seconds kStepPatience{30};

// Returns early when stopped.
void wait(const std::stop_token& stop, std::chrono::milliseconds duration) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace

bool step_projector(Runner& runner, const runtime::Clock& clock, ProjectorHealth& health, const BrokersDown& brokers_down) {
  health.step_began = clock.steady().count();
  try {
    runner.step();
    health.store_lost_since = 0;
  } catch (const events::StoreMisconfigured&) {
    throw;
  } catch (const events::StoreError& failure) {
    if (health.store_lost_since == 0) health.store_lost_since = health.step_began.load();
    runtime::log::warn("the projector cannot reach its store; it tries again", {{"error", failure.what()}});
  }
  health.step_began = 0;
  health.brokers_down = brokers_down && brokers_down();
  return health.store_lost_since == 0;
}

void run_projector(std::stop_token stop, Runner& runner, const runtime::Clock& clock, runtime::Random& random, ProjectorHealth& health,
                   const BrokersDown& brokers_down) {
  using std::chrono::milliseconds;
  runtime::Backoff backoff(random, milliseconds(50), milliseconds(200), milliseconds(5'000));
  while (!stop.stop_requested()) {
    if (step_projector(runner, clock, health, brokers_down))
      backoff.reset();
    else
      wait(stop, backoff.next());
  }
}

std::optional<std::string> problem_of(const RunnerCounters& counters, const ProjectorHealth& health, std::chrono::microseconds now) {
  using std::chrono::microseconds;
  const auto seconds_since = [now](std::int64_t began) {
    return began == 0 ? std::chrono::seconds(0) : std::chrono::duration_cast<std::chrono::seconds>(now - microseconds(began));
  };
  if (health.brokers_down) return "Kafka cannot be reached";
  if (const auto lost = seconds_since(health.store_lost_since); lost >= kStorePatience)
    return fmt::format("the database has not answered for {} s", lost.count());
  if (const auto step = seconds_since(health.step_began); step > kStepPatience)
    return fmt::format("a batch has been under way for {} s", step.count());
  if (const auto halted = counters.halted_shards.load(); halted > 0)
    return fmt::format("{} shards are halted until an operator has looked; the log says why", halted);
  for (const auto& lag : counters.lags)
    if (const auto millis = lag->millis.load(); millis > kBearableLag.count())
      return fmt::format("{} is {} s behind", lag->projection, millis / 1000);
  return std::nullopt;
}

std::unique_ptr<runtime::Metrics::Collection> export_counters(runtime::Metrics& metrics, const Runner& runner, const std::string& session) {
  const RunnerCounters& counters = runner.counters();
  struct Counted {
    const std::atomic<std::uint64_t>* value;
    runtime::CounterMirror mirror;
  };
  std::vector<Counted> counted;
  auto count = [&](const char* name, const char* help, const std::atomic<std::uint64_t>& value) {
    counted.push_back({&value, runtime::CounterMirror(metrics.counter(name, help))});
  };
  count("projection_applied_total", "Records applied to the read models", counters.applied);
  count("projection_batches_total", "Transactions of the projector", counters.batches);
  count("projection_duplicates_total", "Messages at or below the checkpoint", counters.duplicates);
  count("projection_gaps_total", "Times that messages were missing", counters.gaps);
  count("projection_filled_total", "Records read from the log because their messages were missing", counters.filled);
  count("projection_parked_total", "Records parked, once for each projection", counters.parked);
  count("projection_redriven_total", "Parked records applied after all, as an operator asked", counters.redriven);
  count("projection_unreadable_total", "Messages that are no records", counters.unreadable);
  count("projection_overtaken_total", "Batches that another projector had applied", counters.overtaken);
  prometheus::Gauge& halted =
      metrics.gauge("projection_halted_shards", "Shards halted until an operator has looked", {{"session", session}});
  struct Lagging {
    const Lag* lag;
    prometheus::Gauge* events;
    prometheus::Gauge* seconds;
  };
  std::vector<Lagging> lagging;
  for (const auto& lag : counters.lags)
    lagging.push_back({lag.get(),
                       &metrics.gauge("projection_lag_events", "Records of the log not yet applied",
                                      {{"projection", lag->projection}, {"session", session}}),
                       &metrics.gauge("projection_lag_seconds", "Time since a shard was last seen applied to its head",
                                      {{"projection", lag->projection}, {"session", session}})});
  auto collect = [&counters, &halted, counted = std::move(counted), lagging = std::move(lagging)]() mutable {
    for (Counted& c : counted) c.mirror.set(c.value->load());
    halted.Set(static_cast<double>(counters.halted_shards.load()));
    for (const Lagging& l : lagging) {
      l.events->Set(static_cast<double>(l.lag->events.load()));
      l.seconds->Set(static_cast<double>(l.lag->millis.load()) / 1000.0);
    }
  };
  return std::make_unique<runtime::Metrics::Collection>(metrics, std::move(collect));
}

}  // namespace ordersaga::projections
