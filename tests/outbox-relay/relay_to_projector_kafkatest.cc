// From the log through a real broker into read models: what the relay may do to a topic, and what happens to topics, changes
// nothing at the end.
#include <gtest/gtest.h>

#include "outbox-relay/relay.h"
#include "outbox-relay/topics.h"
#include "projections/all_projections.h"
#include "projections/memory_read_store.h"
#include "projections/rebuild.h"
#include "projections/runner.h"
#include "runtime/kafka/kafka_admin.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/kafka/kafka_producer.h"
#include "schemas/headers.h"
#include "tests/outbox-relay/log_book.h"
#include "tests/outbox-relay/prefixed_broker.h"
#include "tests/runtime/kafka/broker.h"

namespace ordersaga::relay {
namespace {

using namespace std::chrono_literals;

constexpr int kShards = 3;

Shard shard(int n) {
  return Shard(static_cast<std::int16_t>(n));
}

class RelayToProjector : public runtime::kafka::testing::BrokerTest {
 protected:
  RelayToProjector() : book(kShards, clock) {}

  void SetUp() override {
    BrokerTest::SetUp();
    if (HasFatalFailure()) return;
    prefix = unique("relay-to-projector") + ".";
    std::vector<runtime::kafka::TopicSpec> specs = standing_topic_specs(kShards, 1);
    for (auto& spec : specs) spec.name = prefix + spec.name;
    runtime::kafka::KafkaAdmin(config).create_topics(specs);
  }

  // A relay that lives until all is published from each shard's position on.
  void publish(Position after) {
    testing::PrefixedBroker broker(config, prefix);
    MemoryCursorStore cursors;
    Relay relay(book.store(), broker, cursors, clock);
    for (int n = 0; n < kShards; ++n) {
      const Cursor cursor{shard(n), Epoch(1), after, kSendAgain, broker.cluster_id()};
      cursors.save({&cursor, 1});
      relay.assign(shard(n));
    }
    const auto is_done = [&] {
      for (int n = 0; n < kShards; ++n)
        if (cursors.load(shard(n))->position < book.head(shard(n))) return false;
      return true;
    };
    const auto limit = std::chrono::steady_clock::now() + 60s;
    while (!is_done() && std::chrono::steady_clock::now() < limit) relay.step(5ms);
    ASSERT_TRUE(is_done());
  }
  // One record alone, as if those before it had been lost.
  void publish_alone(Shard shard, Position position) {
    const std::vector<events::RecordedEvent> records = book.records(shard);
    auto message = messages_of(records.at(static_cast<std::size_t>(position.value - 1)), Epoch(1), kShards).at(0).out;
    message.topic = prefix + message.topic;
    runtime::kafka::KafkaProducer producer(config, {});
    ASSERT_TRUE(producer.produce(message, 0));
    std::vector<runtime::kafka::Delivery> deliveries;
    producer.poll(30s, deliveries);
    ASSERT_EQ(deliveries.size(), 1U);
    ASSERT_EQ(deliveries[0].error, "");
  }

  runtime::SystemClock clock;
  testing::LogBook book;
  std::string prefix;
};

TEST_F(RelayToProjector, RepetitionsAreDroppedAndWhatIsMissingIsSeenByItsPositionAndTakenFromTheLog) {
  for (int i = 0; i < 300; ++i) book.append_event(shard(i % kShards));
  publish(Position(0));
  publish(Position(20));  // a relay with an old cursor: 80 of each shard once more
  for (int i = 0; i < 5; ++i) book.append_event(shard(0));
  publish_alone(shard(0), Position(105));

  events::MemoryEventStore log(book.log());
  projections::MemoryReadTables tables;
  projections::MemoryReadStore store(tables);
  runtime::kafka::ConsumerOptions membership;
  membership.group = prefix + "projector";
  membership.topics = {prefix + std::string(topics::kEvents)};
  runtime::kafka::KafkaConsumer consumer(config, membership);
  projections::Runner runner(consumer, log, store, clock, projections::all_projections());
  const auto limit = std::chrono::steady_clock::now() + 60s;
  // Repetitions stand behind what they repeat.
  const auto is_done = [&] { return runner.counters().applied >= 305 && runner.counters().duplicates >= 240; };
  while (!is_done() && std::chrono::steady_clock::now() < limit) runner.step();
  EXPECT_EQ(runner.counters().applied, 305U);
  EXPECT_EQ(runner.counters().duplicates, 240U);
  EXPECT_EQ(runner.counters().gaps, 1U);
  EXPECT_EQ(runner.counters().filled, 4U) << "from the log: 101 to 104";
  EXPECT_EQ(runner.counters().parked, 0U);
  EXPECT_TRUE(runner.halted().empty());

  projections::MemoryReadTables expected;
  projections::MemoryReadStore from_log(expected);
  const std::vector<Shard> shards = {shard(0), shard(1), shard(2)};
  projections::replay(log, from_log, projections::all_projections(), shards, clock, 1'000);
  ASSERT_FALSE(expected.rows.empty());
  for (const auto& [table, rows] : expected.rows) EXPECT_EQ(tables.rows[table], rows) << table;
}

}  // namespace
}  // namespace ordersaga::relay
