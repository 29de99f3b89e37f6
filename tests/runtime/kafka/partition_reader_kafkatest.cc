#include "runtime/kafka/kafka_partition_reader.h"

#include <atomic>
#include <thread>

#include "runtime/kafka/kafka_producer.h"
#include "tests/runtime/kafka/broker.h"

namespace ordersaga::runtime::kafka {
namespace {

using namespace std::chrono_literals;

class Reader : public testing::BrokerTest {
 protected:
  void fill(const std::string& topic, std::int32_t partition, int count) {
    KafkaProducer producer(config, {});
    std::vector<Delivery> fates;
    for (int i = 0; i < count; ++i)
      while (!producer.produce({topic, partition, "k", std::to_string(i), {}}, 0)) producer.poll(10ms, fates);
    while (producer.in_flight() > 0) producer.poll(100ms, fates);
    ASSERT_EQ(fates.size(), static_cast<std::size_t>(count));
  }
};

TEST_F(Reader, ReadsFromAnOffsetToTheEndInPieces) {
  const std::string topic = make_topic("pieces", 2);
  fill(topic, 0, 1'000);
  KafkaPartitionReader reader(config);
  const auto marks = reader.watermarks(topic, 0);
  EXPECT_EQ(marks.low, 0);
  EXPECT_EQ(marks.high, 1'000);
  std::int64_t next = 250;
  while (next < marks.high) {
    const std::vector<ConsumedMessage> piece = reader.read(topic, 0, next, 100);
    ASSERT_FALSE(piece.empty());
    ASSERT_LE(piece.size(), 100U);
    for (const ConsumedMessage& m : piece) {
      ASSERT_EQ(m.offset, next);
      ASSERT_EQ(m.value, std::to_string(next));
      ++next;
    }
  }
  EXPECT_TRUE(reader.read(topic, 0, next, 100).empty());
  EXPECT_TRUE(reader.read(topic, 1, 0, 100).empty());
}

TEST_F(Reader, AnOffsetAboveTheEndIsEmptyAndOneBelowTheFirstReadsFromTheFirst) {
  const std::string topic = make_topic("range", 1);
  fill(topic, 0, 3);
  KafkaPartitionReader reader(config);
  EXPECT_TRUE(reader.read(topic, 0, 50, 10).empty());
  EXPECT_EQ(reader.read(topic, 0, 1, 10).size(), 2U);
}

TEST_F(Reader, SeesWhatIsAddedAfterTheEndWasReached) {
  const std::string topic = make_topic("added", 1);
  fill(topic, 0, 2);
  KafkaPartitionReader reader(config);
  EXPECT_EQ(reader.read(topic, 0, 0, 10).size(), 2U);
  EXPECT_TRUE(reader.read(topic, 0, 2, 10).empty());
  fill(topic, 0, 2);
  EXPECT_EQ(reader.read(topic, 0, 2, 10).size(), 2U);
}

TEST_F(Reader, FetchesNothingWhileItRests) {
  const std::string topic = make_topic("rest", 1);
  fill(topic, 0, 2);
  std::atomic<int> fetches = 0;
  config.extra = {{"debug", "fetch"}};
  config.log = [&fetches](Severity, std::string_view text) {
    if (text.find("Fetch topic") != std::string_view::npos) ++fetches;
  };
  const auto goes_on = [&fetches](std::chrono::milliseconds patience) {
    const int before = fetches;
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (fetches == before && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
    return fetches != before;
  };
  KafkaPartitionReader reader(config);
  EXPECT_EQ(reader.read(topic, 0, 0, 2).size(), 2U);
  EXPECT_TRUE(goes_on(10s));  // for who reads on
  reader.rest();
  goes_on(300ms);  // one that was under way
  EXPECT_FALSE(goes_on(500ms));
  fill(topic, 0, 1);
  EXPECT_EQ(reader.read(topic, 0, 2, 10).size(), 1U);
}

TEST_F(Reader, AMissingTopicIsAnError) {
  KafkaPartitionReader reader(config, 3s);
  EXPECT_THROW(reader.watermarks(unique("absent"), 0), KafkaError);
  EXPECT_THROW(reader.read(unique("absent"), 0, 0, 1), KafkaError);
}

}  // namespace
}  // namespace ordersaga::runtime::kafka
