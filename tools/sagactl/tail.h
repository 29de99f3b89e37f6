// Follows the partitions of a topic.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "runtime/kafka/bus.h"
#include "tools/sagactl/context.h"

namespace ordersaga::sagactl {

struct TailOptions {
  std::string topic;
  int partition = -1;           // < 0: all
  bool from_beginning = false;  // else: what comes from now on
  bool follow = true;           // else: ends at what is there now
  std::int64_t last = 0;        // begins with the last so many of each partition
  std::int64_t count = 0;       // ends after so many that were taken; 0: no limit
};

// Hands each message to `take`, which says whether it counts. Ends when interrupted, after `count`, or, without `follow`, at
// the ends as they were at the start. Throws Failure{failed} when there is no such topic.
void tail(Context& context, const TailOptions& options, const std::function<bool(const runtime::kafka::ConsumedMessage&)>& take);

}  // namespace ordersaga::sagactl
