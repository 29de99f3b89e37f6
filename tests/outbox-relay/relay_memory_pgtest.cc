// A relay beside two writers of its own process, and one of another, on Postgres: under load nearly all that the process
// appends reaches Kafka without being read back.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "events/codec.h"
#include "events/postgres_event_store.h"
#include "events/recent_records.h"
#include "ordersaga/order/v1/events.pb.h"
#include "outbox-relay/postgres_tail.h"
#include "outbox-relay/recent_tail.h"
#include "outbox-relay/relay.h"
#include "outbox-relay/wake.h"
#include "schemas/headers.h"
#include "tests/outbox-relay/fake_kafka.h"
#include "tests/support/test_database.h"

namespace ordersaga::relay::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kShards = 4;
constexpr int kTurns = 60;
constexpr int kRecords = 40;  // of a turn

Shard shard(int n) {
  return Shard(static_cast<std::int16_t>(n));
}

class RelayBesideWriters : public ::testing::Test {
 protected:
  // Turns of a shard, as a lane runs them; `to`: null in another process.
  void write(int n, events::RecentRecords* to) {
    events::PostgresEventStore store({.target = database.target_as("ordersaga_writer")});
    const Shard where = shard(n);
    for (int turn = 0; turn < kTurns; ++turn) {
      auto transaction = store.begin({&where, 1});
      events::TurnWrite write;
      for (int i = 0; i < kRecords; ++i) {
        order::v1::OrderPlaced placed;
        placed.set_order_id(order_in(where));
        write.records.push_back(
            {where, "order-" + placed.order_id(), Version(1), events::number_of(placed.GetDescriptor()), placed.SerializeAsString(), ""});
      }
      const Timestamp now = std::max(transaction->clock(), transaction->heads()[0].recorded_at);
      const events::WriteOutcome outcome = transaction->write(write, now);
      transaction->commit();
      if (to == nullptr) continue;
      to->add(transaction->epoch(), write.records, std::get<events::Written>(outcome).positions, now);
      wake.notify();
    }
  }
  std::string order_in(Shard where) {
    for (;;)
      if (std::string id = "o" + std::to_string(next_order++); shard_of(id, kShards) == where) return id;
  }

  testing_support::TestDatabase database{{.shards = kShards}};
  const runtime::SystemClock clock;
  FakeKafka kafka;
  MemoryCursorStore cursors;
  events::PostgresEventStore store{{.target = database.target_as("ordersaga_relay")}};
  PostgresTail in_store{database.target_as("ordersaga_relay")};
  events::RecentRecords recent{8 << 20};
  Wake wake;
  std::atomic<int> next_order = 0;
};

TEST_F(RelayBesideWriters, NearlyAllThatItsProcessAppendsComesFromMemory) {
  kafka.per_poll = kafka.replies_per_poll = 10'000;
  kafka.queue_limit = 100'000;
  RecentTail tail(recent, in_store, clock);
  Relay relay(store, kafka, cursors, clock, {}, &tail);
  for (int n = 0; n < kShards; ++n) relay.assign(shard(n));
  while (relay.step(0ms).rest == 0us) continue;  // all are followed, and there is nothing yet

  std::vector<std::jthread> writers;
  for (int n = 0; n < 3; ++n) writers.emplace_back([this, n] { write(n, n < 2 ? &recent : nullptr); });
  constexpr std::uint64_t kAll = 3 * kTurns * kRecords;
  const auto end = std::chrono::steady_clock::now() + 120s;
  while (relay.counters().published < kAll && std::chrono::steady_clock::now() < end) {
    const Progress progress = relay.step(0ms);
    if (progress.rest > 0us && wake.wait({}, progress.rest)) relay.wake();
  }
  writers.clear();

  ASSERT_EQ(relay.counters().published, kAll);
  for (int n = 0; n < 3; ++n) {
    const auto& messages = kafka.messages({std::string(topics::kEvents), n});
    ASSERT_EQ(messages.size(), static_cast<std::size_t>(kTurns * kRecords));
    const events::ShardPosition all{shard(n), Position(0)};
    const std::vector<events::RecordedEvent> log = store.read_shards({&all, 1}, kTurns * kRecords);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      ASSERT_EQ(place_of(messages[i])->position, Position(static_cast<std::int64_t>(i) + 1)) << "once, and in order";
      ASSERT_TRUE(is_same(messages[i], log[i]));
    }
  }
  constexpr std::uint64_t kOurs = 2 * kTurns * kRecords;
  EXPECT_GE(relay.counters().from_memory, kOurs * 9 / 10);
  EXPECT_LE(relay.counters().from_memory, kOurs);
  EXPECT_EQ(relay.counters().from_memory + relay.counters().from_store, kAll);
  EXPECT_EQ(recent.bytes(), 0U);
}

}  // namespace
}  // namespace ordersaga::relay::testing
