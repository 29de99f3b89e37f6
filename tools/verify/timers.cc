#include "tools/verify/timers.h"

#include <fmt/format.h>

namespace ordersaga::verify {

void TimersChecker::begin(const ShardSnapshot&) {
  phases_.clear();
  fired_.clear();
}

void TimersChecker::see(const LogEntry& entry) {
  if (entry.stream.kind == StreamKind::saga) {
    if (entry.cause() == "timer:" + entry.record.stream)
      see_firing(entry);
    else
      fired_.erase(entry.record.stream);
  }
  phases_.see(entry);
}

void TimersChecker::see_firing(const LogEntry& entry) {
  auto [fired, is_first] = fired_.try_emplace(entry.record.stream, entry.record.recorded_at);
  if (!is_first && fired->second == entry.record.recorded_at) return;
  fired->second = entry.record.recorded_at;
  auto saga = phases_.sagas().find(entry.record.stream);
  if (saga == phases_.sagas().end() || !saga->second.wake_at) {
    findings_.add({"I10", entry.record.stream, fmt::format("a timer that was set, because one fired at {}", entry.place()),
                   "none: it had fired before, or was cancelled"});
  } else if (entry.record.recorded_at < *saga->second.wake_at) {
    findings_.add({"I10", entry.record.stream, fmt::format("no timer fires before its time, as at {}", entry.place()),
                   fmt::format("{:.6f} s too early: it had fired before, or was moved",
                               std::chrono::duration<double>(*saga->second.wake_at - entry.record.recorded_at).count())});
  }
}

}  // namespace ordersaga::verify
