#include "tools/verify/overdue.h"

#include <fmt/format.h>

namespace ordersaga::verify {

namespace {

std::string seconds(Duration duration) {
  return fmt::format("{:.3f} s", std::chrono::duration<double>(duration).count());
}

}  // namespace

void OverdueChecker::end(const ShardSnapshot& snapshot) {
  for (const SagaWakeup& wakeup : snapshot.wakeups) {
    if (snapshot.now - wakeup.due_at > kGrace)
      findings_.add({"I9", wakeup.saga, fmt::format("woken at most {} after it was due", seconds(kGrace)),
                     fmt::format("due since {}", seconds(snapshot.now - wakeup.due_at))});
    auto saga = phases_.sagas().find(wakeup.saga);
    if (saga != phases_.sagas().end() && saga->second.wake_at && wakeup.due_at > *saga->second.wake_at)
      findings_.add({"I9", wakeup.saga, "a wake-up when its last record wants it",
                     fmt::format("one {} later", seconds(wakeup.due_at - *saga->second.wake_at))});
  }
}

}  // namespace ordersaga::verify
