// What the relay asks of Kafka.
#pragma once

#include <memory>
#include <string>

#include "runtime/kafka/bus.h"

namespace ordersaga::relay {

// One thread at a time. Throws runtime::kafka::KafkaError when Kafka does not answer.
class Broker {
 public:
  virtual ~Broker() = default;
  // Idempotent, gapless, for ever trying; the one before is destroyed by then.
  virtual std::unique_ptr<runtime::kafka::Producer> new_producer() = 0;
  virtual runtime::kafka::PartitionReader& reader() = 0;
  // As the brokers say it now.
  virtual std::string cluster_id() = 0;
};

}  // namespace ordersaga::relay
