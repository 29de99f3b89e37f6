#include "daemon/consumer_lag.h"

#include <string>

namespace ordersaga::daemon {

ConsumerLag::ConsumerLag(runtime::Metrics& metrics, const runtime::kafka::KafkaConsumer& consumer, std::string_view group,
                         std::string_view topic, std::string_view session)
    : gauge_(metrics.gauge("consumer_lag", "Records of the topic that the group has not done.",
                           {{"group", std::string(group)}, {"topic", std::string(topic)}, {"session", std::string(session)}})),
      collection_(std::make_unique<runtime::Metrics::Collection>(metrics,
                                                                 [this, &consumer] { gauge_.Set(static_cast<double>(consumer.lag())); })) {}

ConsumerLag::~ConsumerLag() {
  collection_.reset();
  gauge_.Set(0);  // another member follows the partitions now
}

}  // namespace ordersaga::daemon
