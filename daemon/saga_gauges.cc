#include "daemon/saga_gauges.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "daemon/database.h"
#include "daemon/recovering_role.h"
#include "events/errors.h"
#include "runtime/postgres/connection.h"
#include "runtime/shutdown.h"
#include "runtime/system_random.h"
#include "sagas/definition.h"

namespace ordersaga::daemon {
namespace {

namespace postgres = runtime::postgres;
using namespace std::chrono_literals;

constexpr std::string_view kName = "saga-gauges";
constexpr std::chrono::milliseconds kEvery{15'000};
constexpr int kRestPerWork = 100;

constexpr postgres::Statement kCount{"saga_gauges_count",
                                     "SELECT type, state, count(*) FROM read.saga_status WHERE ended_at IS NULL GROUP BY type, state"};

// Those of read.saga_status that are not the end.
constexpr std::array<const char*, 4> kStates = {"RUNNING", "COMPENSATING", "COMPENSATION_FAILED", "PARKED"};
bool waits_for_operator(std::string_view state) {
  return state == "COMPENSATION_FAILED" || state == "PARKED";
}

class Gauges {
 public:
  explicit Gauges(runtime::Metrics& metrics) : stuck_(metrics.gauge("saga_stuck", "Sagas that wait for an operator.")) {
    for (const sagas::Definition* definition : sagas::definitions())
      for (const char* state : kStates)
        active_.emplace(
            std::pair(std::string(definition->name), std::string(state)),
            &metrics.gauge("saga_active", "Sagas that have not ended.", {{"type", std::string(definition->name)}, {"state", state}}));
  }

  void show(const postgres::Rows& rows) {
    std::map<std::pair<std::string, std::string>, std::int64_t> counts;
    for (std::size_t i = 0; i < rows.size(); ++i)
      counts.emplace(std::pair(std::string(rows.text(i, 0)), std::string(rows.text(i, 1))), rows.integer(i, 2));
    std::int64_t stuck = 0;
    for (const auto& [key, gauge] : active_) {
      const auto found = counts.find(key);
      const std::int64_t count = found == counts.end() ? 0 : found->second;
      gauge->Set(static_cast<double>(count));
      if (waits_for_operator(key.second)) stuck += count;
    }
    stuck_.Set(static_cast<double>(stuck));
  }

 private:
  prometheus::Gauge& stuck_;
  std::map<std::pair<std::string, std::string>, prometheus::Gauge*> active_;  // by type and state
};

void live(const Settings& settings, runtime::Metrics& metrics, const std::stop_token& stop, RecoveringRole& role) {
  try {
    postgres::Connection connection(database_target(settings, kProjectorUser).reveal());
    Gauges gauges(metrics);
    const RecoveringRole::Working working(role, [] { return std::nullopt; });
    for (;;) {
      const auto began = std::chrono::steady_clock::now();
      gauges.show(connection.exec(kCount, {}));
      const auto took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
      if (runtime::sleep_unless_stopped(stop, std::max(kEvery, took * kRestPerWork))) return;
    }
  } catch (const postgres::NotSetUp&) {
    throw;
  } catch (const postgres::Error& error) {
    throw events::StoreUnavailable(error.what());  // another life tries again
  }
}

}  // namespace

std::unique_ptr<Role> make_saga_gauges_role(const Settings& settings, runtime::Metrics& metrics) {
  return std::make_unique<RecoveringRole>(
      kName, std::make_unique<runtime::SystemRandom>(),
      [&settings, &metrics](const std::stop_token& stop, RecoveringRole& role) { live(settings, metrics, stop, role); });
}

}  // namespace ordersaga::daemon
