// Kafka's own org.apache.kafka.tools.ProducerPerformance, as a child process.
#pragma once

#include <cstdint>
#include <string>

namespace ordersaga::bench {

struct PeerRun {
  std::string jars;  // the folder of Kafka's jars
  std::string brokers;
  std::string topic;
  std::int64_t records;
  std::size_t record_bytes;
  std::string properties;  // more of the producer's, separated by spaces
};

// Records a second, as it says itself. Throws std::runtime_error with its output when it does not say.
double producer_performance(const PeerRun& run);

}  // namespace ordersaga::bench
