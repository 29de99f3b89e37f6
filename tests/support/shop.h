// A client of the system: sends commands over Kafka and reads the replies, as a shop would.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ordersaga/common/v1/reply.pb.h"
#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_partition_reader.h"
#include "runtime/kafka/kafka_producer.h"

namespace ordersaga::support {

// Deletes our topics, with all that they hold, and makes them anew with a partition for each shard.
void make_topics_anew(const std::string& brokers, int shards);
// Only deletes them; returns when they are gone.
void drop_topics(const std::string& brokers);

struct Purchase {
  std::string order_id;
  std::string sku = "SKU-1";
  int quantity = 1;
  std::int64_t price_minor = 1'000;
  std::string token = "tok_approved";
  std::string postcode = "1011AB";
  std::string_view reply_when = "completed";
};

// One thread at a time.
class Shop {
 public:
  // Its replies come on a topic of its own, made here.
  explicit Shop(const std::string& brokers);

  // Each returns when Kafka has acknowledged the command. Throw std::runtime_error when it does not.
  void receive_stock(const std::string& sku, std::int64_t quantity);
  void place(const Purchase& purchase);

  // The replies so far, by command id: "place-<order id>", "receive-<sku>". Reads what is new, at most for `patience`, and
  // until there are at least `count`. Throws std::runtime_error when a command is answered twice with different outcomes.
  const std::map<std::string, ordersaga::common::v1::CommandReply>& replies(std::size_t count, std::chrono::milliseconds patience);

 private:
  void send(const std::string& id, const std::string& key, const google::protobuf::Message& command, std::string_view reply_when);
  void read_replies();

  std::string replies_topic_;
  runtime::kafka::KafkaProducer producer_;
  runtime::kafka::KafkaPartitionReader reader_;
  std::int64_t next_offset_ = 0;
  std::map<std::string, ordersaga::common::v1::CommandReply> replies_;
};

}  // namespace ordersaga::support
