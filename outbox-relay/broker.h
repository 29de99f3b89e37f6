// What the relay asks of Kafka.
#pragma once

#include <memory>
#include <string>

#include "runtime/kafka/bus.h"

namespace ordersaga::relay {

// What a producer is for.
enum class Use {
  log,      // events and requests: a message that fails fails all that come after it
  replies,  // to topics of other people's making: a message that fails fails alone
};

// One thread at a time. Throws runtime::kafka::KafkaError when Kafka does not answer.
class Broker {
 public:
  virtual ~Broker() = default;
  // Idempotent, trying for ever; the one before it for the same use is destroyed by then.
  virtual std::unique_ptr<runtime::kafka::Producer> new_producer(Use use) = 0;
  virtual runtime::kafka::PartitionReader& reader() = 0;
  // As the brokers say it now.
  virtual std::string cluster_id() = 0;
};

}  // namespace ordersaga::relay
