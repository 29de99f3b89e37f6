// The relay while its broker dies, and comes back with an older disk. Each test has a broker of its own.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "outbox-relay/kafka_broker.h"
#include "outbox-relay/relay.h"
#include "outbox-relay/topics.h"
#include "runtime/kafka/kafka_admin.h"
#include "schemas/headers.h"
#include "tests/outbox-relay/first_occurrences.h"
#include "tests/outbox-relay/log_book.h"
#include "tests/outbox-relay/private_broker.h"

namespace ordersaga::relay {
namespace {

using namespace std::chrono_literals;
using runtime::kafka::ConsumedMessage;

constexpr int kShards = 2;

class RelayOnItsBroker : public ::testing::Test {
 protected:
  RelayOnItsBroker() : book(kShards, clock) {
    runtime::kafka::KafkaAdmin(kafka.config).create_topics(standing_topic_specs(kShards, 1));
    broker.emplace(kafka.config);
    relay.emplace(book.store(), *broker, cursors, clock, RelayOptions{.save_every = 10ms});
    for (std::int16_t n = 0; n < kShards; ++n) relay->assign(Shard(n));
  }

  void append(int records) {
    for (int i = 0; i < records; ++i) book.append_event(Shard(static_cast<std::int16_t>(i % kShards)));
    appended += static_cast<std::uint64_t>(records);
  }
  // Until the cursors stand at the heads; a silent broker is what the role would begin again after.
  void drain() {
    const auto limit = std::chrono::steady_clock::now() + 120s;
    while (std::chrono::steady_clock::now() < limit && !is_published()) {
      try {
        relay->step(5ms);
      } catch (const runtime::kafka::KafkaError&) {
        std::this_thread::sleep_for(50ms);
      }
    }
    ASSERT_TRUE(is_published());
  }
  bool is_published() {
    for (std::int16_t n = 0; n < kShards; ++n) {
      const std::optional<Cursor> cursor = cursors.load(Shard(n));
      if (!cursor || cursor->position < book.head(Shard(n))) return false;
    }
    return true;
  }
  std::vector<ConsumedMessage> all_of(std::int16_t shard) {
    runtime::kafka::KafkaPartitionReader reader(kafka.config);
    std::vector<ConsumedMessage> all;
    const auto marks = reader.watermarks(topics::kEvents, shard);
    for (std::int64_t at = 0; at < marks.high;) {
      std::vector<ConsumedMessage> more = reader.read(topics::kEvents, shard, at, 10'000);
      if (more.empty()) break;
      at = more.back().offset + 1;
      for (ConsumedMessage& m : more) all.push_back(std::move(m));
    }
    return all;
  }
  void expect_published() {
    for (std::int16_t n = 0; n < kShards; ++n) {
      const std::vector<ConsumedMessage> all = all_of(n);
      const testing::Occurrences found = testing::first_occurrences(all);
      EXPECT_FALSE(found.violation) << *found.violation;
      EXPECT_EQ(found.last, book.head(Shard(n)).value);
    }
  }

  testing::PrivateBroker kafka;
  runtime::SystemClock clock;
  testing::LogBook book;
  MemoryCursorStore cursors;
  std::optional<KafkaBroker> broker;
  std::optional<Relay> relay;
  std::uint64_t appended = 0;
};

TEST_F(RelayOnItsBroker, ABrokerThatIsKilledWithRecordsInFlightMissesNone) {
  append(1'000);
  drain();
  for (int round = 0; round < 2; ++round) {
    append(4'000);
    while (relay->counters().in_flight == 0) relay->step(0ms);
    kafka.kill();
    append(100);
    for (int i = 0; i < 20; ++i) relay->step(5ms);
    EXPECT_FALSE(is_published());
    kafka.start_again();
    drain();
    expect_published();
  }
}

// Under a live relay, whose producer knows nothing of it: what Kafka lost is noticed, and published again.
TEST_F(RelayOnItsBroker, AnOlderDiskUnderALiveRelayIsFilledUpAgain) {
  append(500);
  drain();
  kafka.kill();
  kafka.keep_disk();
  kafka.start_again();
  append(2'000);
  drain();
  kafka.kill();
  kafka.restore_disk();
  append(50);  // some may be under way already
  kafka.start_again();
  append(50);
  drain();
  EXPECT_GE(relay->counters().losses, 1U);
  // Later records may have come before what was lost between; all are there, in order behind each other, from the first on.
  for (std::int16_t n = 0; n < kShards; ++n) {
    std::int64_t next = 1;
    for (const ConsumedMessage& m : all_of(n))
      if (place_of(m)->position.value == next) ++next;
    EXPECT_EQ(next - 1, book.head(Shard(n)).value);
  }
}

}  // namespace
}  // namespace ordersaga::relay
