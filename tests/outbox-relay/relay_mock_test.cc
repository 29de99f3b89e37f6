// The relay on librdkafka's mock cluster, which can lose acknowledgements and move leaders at will. The mock knows no
// idempotence: what a real broker would recognize as a retry is appended again here.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "outbox-relay/kafka_broker.h"
#include "outbox-relay/relay.h"
#include "schemas/headers.h"
#include "tests/outbox-relay/first_occurrences.h"
#include "tests/outbox-relay/log_book.h"

namespace ordersaga::relay {
namespace {

using namespace std::chrono_literals;
using runtime::kafka::ConsumedMessage;

constexpr std::int16_t kProduce = 0;  // Kafka's number of the request

class RelayOnMock : public ::testing::Test {
 protected:
  RelayOnMock() : book(2, clock) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "client.id", "mock", nullptr, 0);
    host.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0));
    cluster = rd_kafka_mock_cluster_new(host.get(), 3);
    for (const std::string_view topic : {topics::kEvents, topics::kCommands})
      rd_kafka_mock_topic_create(cluster, std::string(topic).c_str(), 2, 3);
    config.brokers = rd_kafka_mock_cluster_bootstraps(cluster);
    config.extra = {{"socket.timeout.ms", "1000"}, {"retry.backoff.ms", "20"}, {"topic.metadata.refresh.interval.ms", "200"}};
    broker.emplace(config);
    relay.emplace(book.store(), *broker, cursors, clock);
    for (std::int16_t n = 0; n < 2; ++n) relay->assign(Shard(n));
  }
  ~RelayOnMock() override {
    relay.reset();
    broker.reset();
    rd_kafka_mock_cluster_destroy(cluster);
  }

  void append(int records) {
    for (int i = 0; i < records; ++i) book.append_event(Shard(static_cast<std::int16_t>(i % 2)));
  }
  void drain(std::uint64_t published) {
    const auto limit = std::chrono::steady_clock::now() + 90s;
    while (relay->counters().published < published && std::chrono::steady_clock::now() < limit) relay->step(5ms);
    ASSERT_EQ(relay->counters().published, published);
  }
  // The promise holds on both partitions; returns the repetitions.
  std::size_t expect_published() {
    std::size_t repetitions = 0;
    runtime::kafka::KafkaPartitionReader reader(config);
    for (std::int16_t n = 0; n < 2; ++n) {
      std::vector<ConsumedMessage> all;
      const auto marks = reader.watermarks(topics::kEvents, n);
      for (std::int64_t at = 0; at < marks.high;) {
        std::vector<ConsumedMessage> more = reader.read(topics::kEvents, n, at, 10'000);
        if (more.empty()) break;
        at = more.back().offset + 1;
        for (ConsumedMessage& m : more) all.push_back(std::move(m));
      }
      const testing::Occurrences found = testing::first_occurrences(all);
      EXPECT_FALSE(found.violation) << *found.violation;
      EXPECT_EQ(found.last, book.head(Shard(n)).value);
      repetitions += found.repetitions;
    }
    return repetitions;
  }

  runtime::SystemClock clock;
  testing::LogBook book;
  MemoryCursorStore cursors;
  runtime::kafka::ClientHandle host;
  rd_kafka_mock_cluster_t* cluster = nullptr;
  runtime::kafka::Config config;
  std::optional<KafkaBroker> broker;
  std::optional<Relay> relay;
};

TEST_F(RelayOnMock, LostAcknowledgementsMakeRepetitionsAndNothingElse) {
  append(200);
  drain(200);
  // Written, and answered when nobody waits any more.
  for (std::int32_t id = 1; id <= 3; ++id)
    rd_kafka_mock_broker_push_request_error_rtts(cluster, id, kProduce, 2, RD_KAFKA_RESP_ERR_NO_ERROR, 3'000, RD_KAFKA_RESP_ERR_NO_ERROR,
                                                 3'000);
  append(2'000);
  drain(2'200);
  EXPECT_GT(expect_published(), 0U) << "no acknowledgement was lost";
}

TEST_F(RelayOnMock, LeadersMayMoveAtAnyMoment) {
  for (int round = 0; round < 6; ++round) {
    append(400);
    for (int i = 0; i < 3; ++i) relay->step(1ms);
    for (std::int32_t n = 0; n < 2; ++n)
      rd_kafka_mock_partition_set_leader(cluster, std::string(topics::kEvents).c_str(), n, 1 + (round + n) % 3);
    append(400);
    drain(static_cast<std::uint64_t>(800 * (round + 1)));
  }
  expect_published();
}

TEST_F(RelayOnMock, ARefusalThatPassesIsTriedAgainInOrder) {
  append(20);
  drain(20);
  for (std::int32_t id = 1; id <= 3; ++id)
    rd_kafka_mock_broker_push_request_error_rtts(cluster, id, kProduce, 3, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 0,
                                                 RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 0, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, 0);
  append(500);
  drain(520);
  expect_published();
}

TEST_F(RelayOnMock, AMessageThatIsRefusedForGoodDropsTheProducerAndLeavesNoGap) {
  append(20);
  drain(20);
  for (std::int32_t id = 1; id <= 3; ++id)
    rd_kafka_mock_broker_push_request_error_rtts(cluster, id, kProduce, 1, RD_KAFKA_RESP_ERR_INVALID_RECORD, 0);
  append(500);
  drain(520);
  EXPECT_GE(relay->counters().restarts, 1U);
  expect_published();
}

}  // namespace
}  // namespace ordersaga::relay
