#include "runtime/kafka/kafka_producer.h"

#include "runtime/kafka/kafka_partition_reader.h"
#include "schemas/ids.h"
#include "tests/runtime/kafka/broker.h"

namespace ordersaga::runtime::kafka {
namespace {

using namespace std::chrono_literals;

class ProducerOnBroker : public testing::BrokerTest {
 protected:
  // Fates of all that is in flight.
  static std::vector<Delivery> wait_for_all(Producer& producer) {
    std::vector<Delivery> out;
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (producer.in_flight() > 0 && std::chrono::steady_clock::now() < limit) producer.poll(100ms, out);
    EXPECT_EQ(producer.in_flight(), 0U);
    return out;
  }
};

TEST_F(ProducerOnBroker, WhatIsProducedComesBackWithItsKeyValueAndHeaders) {
  const std::string topic = make_topic("roundtrip", 2);
  KafkaProducer producer(config, {});
  const std::string binary("a\0b", 3);
  ASSERT_TRUE(producer.produce({topic, 1, "key", binary, {{"ce_id", "x/1"}, {"empty", ""}, {"ce_id", "second"}}}, 42));
  ASSERT_TRUE(producer.produce({topic, 1, std::nullopt, "", {}}, 43));
  const std::vector<Delivery> fates = wait_for_all(producer);
  ASSERT_EQ(fates.size(), 2U);
  EXPECT_EQ(fates[0].token, 42U);
  EXPECT_EQ(fates[0].error, "");
  EXPECT_EQ(fates[0].partition, 1);
  EXPECT_EQ(fates[0].offset, 0);
  EXPECT_EQ(fates[1].offset, 1);

  KafkaPartitionReader reader(config);
  const std::vector<ConsumedMessage> read = reader.read(topic, 1, 0, 10);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].topic, topic);
  EXPECT_EQ(read[0].offset, 0);
  EXPECT_EQ(read[0].key, "key");
  EXPECT_EQ(read[0].value, binary);
  ASSERT_EQ(read[0].headers.size(), 3U);
  EXPECT_EQ(read[0].header("ce_id"), "x/1");
  EXPECT_EQ(read[0].header("empty"), "");
  EXPECT_EQ(read[0].header("absent"), std::nullopt);
  EXPECT_GT(read[0].timestamp.time_since_epoch(), 0ms);
  EXPECT_EQ(read[1].key, std::nullopt);
  EXPECT_EQ(read[1].value, "");
}

TEST_F(ProducerOnBroker, WithoutAPartitionTheKeysMurmur2Decides) {
  for (int partitions : {1, 7, 16}) {
    const std::string topic = make_topic("murmur2", partitions);
    KafkaProducer producer(config, {});
    std::vector<std::string> keys;
    for (std::size_t size = 1; size <= 60; ++size) {
      std::string key;
      for (std::size_t i = 0; i < size; ++i) key.push_back(static_cast<char>(33 + (size * 31 + i * 17) % 223));  // bytes above 127 too
      keys.push_back(key);
      ASSERT_TRUE(producer.produce({topic, -1, key, "v", {}}, keys.size() - 1));
    }
    const std::vector<Delivery> fates = wait_for_all(producer);
    ASSERT_EQ(fates.size(), keys.size());
    for (const Delivery& fate : fates) {
      ASSERT_EQ(fate.error, "");
      EXPECT_EQ(fate.partition, shard_of(keys[fate.token], partitions).value) << "key of " << keys[fate.token].size() << " bytes";
    }
  }
}

TEST_F(ProducerOnBroker, OffsetsRiseInTheOrderOfProduction) {
  const std::string topic = make_topic("order", 1);
  KafkaProducer producer(config, {.gapless = true});
  std::vector<Delivery> fates;
  constexpr std::uint64_t kMessages = 20'000;
  for (std::uint64_t i = 0; i < kMessages; ++i)
    while (!producer.produce({topic, 0, "k", std::string(100, 'x'), {}}, i)) producer.poll(10ms, fates);
  for (Delivery& fate : wait_for_all(producer)) fates.push_back(std::move(fate));
  ASSERT_EQ(fates.size(), kMessages);
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    ASSERT_EQ(fates[i].token, i);
    ASSERT_EQ(fates[i].offset, static_cast<std::int64_t>(i));
  }
}

TEST_F(ProducerOnBroker, AFullQueueSaysNoWithoutWaiting) {
  config.brokers = "127.0.0.1:1";
  config.log = [](Severity, std::string_view) {};
  KafkaProducer producer(config, {.queue_messages = 10});
  for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(producer.produce({"t", 0, std::nullopt, "v", {}}, i));
  EXPECT_FALSE(producer.produce({"t", 0, std::nullopt, "v", {}}, 10));
  EXPECT_EQ(producer.in_flight(), 10U);
}

TEST_F(ProducerOnBroker, AMissingTopicIsADefiniteFailureThatStopsNothingElse) {
  const std::string topic = make_topic("beside", 1);
  KafkaProducer producer(config, {.gapless = true});
  ASSERT_TRUE(producer.produce({unique("absent"), -1, "k", "v", {}}, 1));
  ASSERT_TRUE(producer.produce({topic, 0, "k", "v", {}}, 2));
  ASSERT_TRUE(producer.produce({topic, 9, "k", "v", {}}, 3));
  int seen = 0;
  for (const Delivery& fate : wait_for_all(producer)) {
    seen |= 1 << fate.token;
    EXPECT_EQ(fate.error.empty(), fate.token == 2) << fate.error;
    EXPECT_EQ(fate.refused, fate.token != 2);
  }
  EXPECT_EQ(seen, 0b1110);
  ASSERT_TRUE(producer.produce({topic, 0, "k", "later", {}}, 4));
  const std::vector<Delivery> later = wait_for_all(producer);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].error, "");
}

TEST_F(ProducerOnBroker, ATooLargeMessageIsReportedByPoll) {
  const std::string topic = make_topic("large", 1);
  KafkaProducer producer(config, {});
  ASSERT_TRUE(producer.produce({topic, 0, "k", std::string(2 << 20, 'x'), {}}, 7));
  const std::vector<Delivery> fates = wait_for_all(producer);
  ASSERT_EQ(fates.size(), 1U);
  EXPECT_EQ(fates[0].token, 7U);
  EXPECT_NE(fates[0].error, "");
  EXPECT_TRUE(fates[0].refused);
}

TEST_F(ProducerOnBroker, ABrokerThatIsDownIsLoggedAndTriedAgainUntilTheMessagesLimit) {
  config.brokers = "127.0.0.1:1";
  std::atomic<int> logged{0};
  config.log = [&](Severity, std::string_view) { ++logged; };
  KafkaProducer producer(config, {.message_timeout = 500ms});
  ASSERT_TRUE(producer.produce({"t", 0, std::nullopt, "v", {}}, 1));
  const std::vector<Delivery> fates = wait_for_all(producer);
  ASSERT_EQ(fates.size(), 1U);
  EXPECT_NE(fates[0].error, "");
  EXPECT_GT(logged, 0);
}

}  // namespace
}  // namespace ordersaga::runtime::kafka
