// How far a consumer is behind its topic, as a metric.
#pragma once

#include <memory>
#include <string_view>

#include "runtime/kafka/kafka_consumer.h"
#include "runtime/metrics.h"

namespace ordersaga::daemon {

// ordersaga_consumer_lag: records of the partitions assigned to this session of the group that are not done. metrics and
// consumer outlive this; the gauge is 0 when it has ended.
class ConsumerLag {
 public:
  ConsumerLag(runtime::Metrics& metrics, const runtime::kafka::KafkaConsumer& consumer, std::string_view group, std::string_view topic,
              std::string_view session);
  ~ConsumerLag();
  ConsumerLag(const ConsumerLag&) = delete;
  ConsumerLag& operator=(const ConsumerLag&) = delete;

 private:
  prometheus::Gauge& gauge_;
  std::unique_ptr<runtime::Metrics::Collection> collection_;
};

}  // namespace ordersaga::daemon
