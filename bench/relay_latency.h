// From the end of a turn's COMMIT to Kafka's acknowledgement of its events.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/kafka/bus.h"
#include "runtime/kafka/client.h"

namespace ordersaga::bench {

struct LatencyLoad {
  std::int64_t turns;
  std::int64_t turns_per_second;
  std::int64_t records_per_turn;
  bool all_shards;  // a turn writes to all of them, as a busy orchestrator's does; else to one after the other
  bool beside;      // the writer hands over and wakes, as an orchestrator of the same process; else the relay has to find the records
};

// Of each record, in milliseconds, ascending. A relay of its own publishes what a writer of its own appends; nothing
// else may append meanwhile. `order_prefix` begins the ids, which must be new.
std::vector<double> relay_latencies(const std::string& database, const runtime::kafka::Config& kafka, const LatencyLoad& load,
                                    const std::string& order_prefix);

}  // namespace ordersaga::bench
