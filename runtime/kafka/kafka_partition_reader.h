// Reads partitions by explicit offsets, outside any group. Reads in sequence keep their fetch position; a read elsewhere,
// or after an end, costs a few round trips.
//
// One thread at a time. Throws KafkaError when the broker has not answered within `patience`, or there is no such partition.
#pragma once

#include "runtime/kafka/bus.h"
#include "runtime/kafka/client.h"

struct rd_kafka_message_s;

namespace ordersaga::runtime::kafka {

class KafkaPartitionReader final : public PartitionReader {
 public:
  explicit KafkaPartitionReader(const Config& config, std::chrono::milliseconds patience = std::chrono::seconds(10));
  ~KafkaPartitionReader() override;

  Watermarks watermarks(std::string_view topic, std::int32_t partition) override;
  // An offset below the first that is there reads from the first.
  std::vector<ConsumedMessage> read(std::string_view topic, std::int32_t partition, std::int64_t offset, std::size_t max) override;
  void rest() noexcept override;

 private:
  void assign(std::string_view topic, std::int32_t partition, std::int64_t offset);

  std::chrono::milliseconds patience_;
  LogCallback log_;
  ClientHandle client_;
  // What is being fetched, and the offset that comes next. Empty topic: nothing.
  std::string topic_;
  std::int32_t partition_ = -1;
  std::int64_t next_ = -1;
};

}  // namespace ordersaga::runtime::kafka
