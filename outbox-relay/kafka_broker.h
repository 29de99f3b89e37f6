// Broker over librdkafka.
#pragma once

#include "outbox-relay/broker.h"
#include "runtime/kafka/kafka_partition_reader.h"

namespace ordersaga::relay {

class KafkaBroker final : public Broker {
 public:
  explicit KafkaBroker(runtime::kafka::Config config) : config_(std::move(config)), reader_(config_) {}

  std::unique_ptr<runtime::kafka::Producer> new_producer(Use use) override;
  runtime::kafka::PartitionReader& reader() override { return reader_; }
  std::string cluster_id() override;

 private:
  runtime::kafka::Config config_;
  runtime::kafka::KafkaPartitionReader reader_;
};

}  // namespace ordersaga::relay
