// Broker over librdkafka.
#pragma once

#include <functional>

#include "outbox-relay/broker.h"
#include "runtime/kafka/kafka_partition_reader.h"

namespace ordersaga::relay {

class KafkaBroker final : public Broker {
 public:
  // on_delivery: called when deliveries come, from any thread; must not block.
  explicit KafkaBroker(runtime::kafka::Config config, std::function<void()> on_delivery = {})
      : config_(std::move(config)), on_delivery_(std::move(on_delivery)), reader_(config_) {}

  std::unique_ptr<runtime::kafka::Producer> new_producer(Use use) override;
  runtime::kafka::PartitionReader& reader() override { return reader_; }
  std::string cluster_id() override;

 private:
  runtime::kafka::Config config_;
  std::function<void()> on_delivery_;
  runtime::kafka::KafkaPartitionReader reader_;
};

}  // namespace ordersaga::relay
