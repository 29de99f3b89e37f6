#include "daemon/startup_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <vector>

#include "runtime/backoff.h"
#include "runtime/log.h"
#include "runtime/shutdown.h"
#include "schemas/headers.h"

namespace ordersaga::daemon {
namespace {

using std::chrono::milliseconds;

constexpr std::array kTopics{topics::kCommands, topics::kEvents, topics::kCommandsDlq};

}  // namespace

bool pass(const StartupCheck& check, IfMissing if_missing, runtime::Random& random, const std::stop_token& stop) {
  runtime::Backoff backoff(random, milliseconds(100), milliseconds(500), milliseconds(10'000));
  while (!stop.stop_requested()) {
    const auto problem = check();
    if (!problem) return true;
    if (if_missing == IfMissing::fail) throw StartupError(*problem);
    const milliseconds pause = backoff.next();
    runtime::log::warn("cannot start yet", {{"problem", *problem}, {"next_try_ms", pause.count()}});
    runtime::sleep_unless_stopped(stop, pause);
  }
  return false;
}

std::optional<std::string> topics_problem(const std::map<std::string, int>& partition_counts, int shards) {
  std::vector<std::string_view> missing;
  std::vector<std::string> wrong;
  for (const std::string_view topic : kTopics) {
    const auto found = partition_counts.find(std::string(topic));
    if (found == partition_counts.end())
      missing.push_back(topic);
    else if (found->second != shards)
      wrong.push_back(fmt::format("{} has {} partitions", topic, found->second));
  }
  if (!missing.empty()) return fmt::format("Kafka lacks the topics {}: run 'sagactl topic create'", fmt::join(missing, ", "));
  if (!wrong.empty())
    return fmt::format("the log has {} shards, but {}: use the cluster that belongs to this database, or make the topics anew", shards,
                       fmt::join(wrong, ", "));
  return std::nullopt;
}

}  // namespace ordersaga::daemon
