#include "outbox-relay/kafka_broker.h"

#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_producer.h"

namespace ordersaga::relay {

std::unique_ptr<runtime::kafka::Producer> KafkaBroker::new_producer(Use use) {
  runtime::kafka::ProducerOptions options;
  options.gapless = use == Use::log;
  // Headers repeat from record to record. A reply goes alone mostly, to clients of whatever kind, and somebody waits for it.
  options.compress = use == Use::log;
  if (use == Use::replies) options.linger = std::chrono::microseconds(0);
  options.on_delivery = on_delivery_;
  return std::make_unique<runtime::kafka::KafkaProducer>(config_, options);
}

// A client remembers the id that it saw first, so each question needs a new one.
std::string KafkaBroker::cluster_id() {
  return runtime::kafka::KafkaAdmin(config_).cluster_id();
}

}  // namespace ordersaga::relay
