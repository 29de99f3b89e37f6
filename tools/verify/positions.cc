#include "tools/verify/positions.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace ordersaga::verify {

void PositionsChecker::begin(const ShardSnapshot&) {
  last_ = Position(0);
  recorded_at_ = Timestamp::min();
}

void PositionsChecker::see(const LogEntry& entry) {
  const events::RecordedEvent& r = entry.record;
  if (r.position != last_.next())
    findings_.add({"I15", entry.place(), fmt::format("position {} after {}", last_.value + 1, last_.value),
                   fmt::format("position {}", r.position.value)});
  if (r.recorded_at < recorded_at_)
    findings_.add({"I15", entry.place(), fmt::format("recorded_at of at least {} µs", recorded_at_.time_since_epoch().count()),
                   fmt::format("{} µs", r.recorded_at.time_since_epoch().count())});
  last_ = r.position;
  recorded_at_ = r.recorded_at;
}

void PositionsChecker::end(const ShardSnapshot& snapshot) {
  if (last_ != snapshot.head)
    findings_.add({"I15", fmt::format("shard {}", snapshot.shard.value), fmt::format("records up to the head {}", snapshot.head.value),
                   fmt::format("the last one is {}", last_.value)});
}

}  // namespace ordersaga::verify
