// ordersaga_consumer_lag follows a member of a group.
#include "daemon/consumer_lag.h"

#include "runtime/kafka/kafka_producer.h"
#include "tests/runtime/kafka/broker.h"

namespace ordersaga::daemon {
namespace {

using namespace std::chrono_literals;
using runtime::kafka::KafkaConsumer;

class Lag : public runtime::kafka::testing::BrokerTest {
 protected:
  void fill(const std::string& topic, int records) {
    runtime::kafka::KafkaProducer producer(config, {});
    std::vector<runtime::kafka::Delivery> fates;
    for (int i = 0; i < records; ++i) ASSERT_TRUE(producer.produce({topic, 0, "k", std::to_string(i), {}}, 0));
    while (producer.in_flight() > 0) producer.poll(100ms, fates);
  }
  void poll_until(KafkaConsumer& consumer, std::size_t records) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    for (std::size_t seen = 0; seen < records;) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      seen += consumer.poll(100, 50ms).messages.size();
    }
  }

  runtime::Metrics metrics_;
};

TEST_F(Lag, is_shown_with_its_group_and_topic_and_is_none_of_ours_any_more_when_the_member_has_left) {
  const std::string topic = make_topic("metric", 1);
  fill(topic, 10);
  runtime::kafka::ConsumerOptions options;
  options.group = unique("group");
  options.topics = {topic};
  KafkaConsumer consumer(config, options);
  const std::string series = "ordersaga_consumer_lag{group=\"" + options.group + "\",session=\"one\",topic=\"" + topic + "\"} ";
  auto shows = [&](const std::string& value) { return metrics_.text().find(series + value + "\n") != std::string::npos; };
  {
    const ConsumerLag exported(metrics_, consumer, options.group, topic, "one");
    ASSERT_NO_FATAL_FAILURE(poll_until(consumer, 10));
    consumer.commit(topic, 0, 4);
    EXPECT_TRUE(shows("6")) << metrics_.text();
    consumer.commit(topic, 0, 10);
    EXPECT_TRUE(shows("0")) << metrics_.text();
    fill(topic, 5);
    ASSERT_NO_FATAL_FAILURE(poll_until(consumer, 5));
    EXPECT_TRUE(shows("5")) << metrics_.text();
  }
  EXPECT_TRUE(shows("0")) << metrics_.text();
}

}  // namespace
}  // namespace ordersaga::daemon
