#include "tools/verify/next_step.h"

#include <fmt/format.h>

#include <unordered_map>

namespace ordersaga::verify {

void NextStepChecker::end(const ShardSnapshot& snapshot) {
  std::unordered_map<std::string, bool> wakeups;
  for (const SagaWakeup& wakeup : snapshot.wakeups) wakeups.emplace(wakeup.saga, wakeup.effect_outstanding);
  for (const auto& [stream, saga] : phases_.sagas()) {
    auto wakeup = wakeups.find(stream);
    bool has_one = wakeup != wakeups.end();
    if (is_live(saga.phase) && !has_one)
      findings_.add({"I8", stream, fmt::format("a wake-up, because it is {}", name(saga.phase)), "none"});
    if (!is_live(saga.phase) && has_one)
      findings_.add({"I8", stream, fmt::format("no wake-up, because it is {}", name(saga.phase)), "one"});
    if (is_live(saga.phase) && has_one && saga.effect_outstanding && !wakeup->second)
      findings_.add(
          {"I8", stream, "a wake-up that says that a call is outstanding, so that it is sent again after a crash", "one that does not"});
    if (has_one) wakeups.erase(wakeup);
  }
  for (const auto& [stream, outstanding] : wakeups) findings_.add({"I8", stream, "a saga of the log, because it has a wake-up", "none"});
}

}  // namespace ordersaga::verify
