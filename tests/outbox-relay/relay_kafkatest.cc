// The relay against a real broker, over a log in memory.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <functional>
#include <mutex>
#include <thread>

#include "outbox-relay/relay_role.h"
#include "outbox-relay/topics.h"
#include "runtime/kafka/kafka_admin.h"
#include "schemas/headers.h"
#include "tests/outbox-relay/log_book.h"
#include "tests/outbox-relay/prefixed_broker.h"
#include "tests/runtime/kafka/broker.h"

namespace ordersaga::relay {
namespace {

using namespace std::chrono_literals;
using runtime::kafka::ConsumedMessage;
using runtime::kafka::KafkaAdmin;
using runtime::kafka::KafkaConsumer;
using runtime::kafka::KafkaPartitionReader;
using testing::LogBook;
using testing::PrefixedBroker;

constexpr int kShards = 3;
const std::string kReplies = "ordersaga.replies.shop.v1";

Shard shard(int n) {
  return Shard(static_cast<std::int16_t>(n));
}

class RelayOnBroker : public runtime::kafka::testing::BrokerTest {
 protected:
  RelayOnBroker() : book(kShards, clock) {}

  void SetUp() override {
    BrokerTest::SetUp();
    if (HasFatalFailure()) return;
    prefix = unique("relay") + ".";
    make_topics();
  }

  void make_topics() {
    std::vector<runtime::kafka::TopicSpec> specs = standing_topic_specs(kShards, 1);
    specs.push_back(reply_topic_spec("shop", 2, 1));
    for (auto& spec : specs) spec.name = prefix + spec.name;
    KafkaAdmin(config).create_topics(specs);
  }

  std::vector<ConsumedMessage> all_of(const std::string& topic, int partition) {
    KafkaPartitionReader reader(config);
    const auto marks = reader.watermarks(prefix + topic, partition);
    std::vector<ConsumedMessage> all;
    while (static_cast<std::int64_t>(all.size()) < marks.high) {
      auto more = reader.read(prefix + topic, partition, static_cast<std::int64_t>(all.size()), 10'000);
      if (more.empty()) break;
      for (ConsumedMessage& m : more) all.push_back(std::move(m));
    }
    return all;
  }

  // First occurrences are 1, 2, 3 … up to the head in every partition, and all messages are their records. Returns the
  // number of repetitions.
  std::size_t expect_published() {
    std::size_t repetitions = 0;
    for (int n = 0; n < kShards; ++n) {
      const std::vector<events::RecordedEvent> records = book.records(shard(n));
      std::int64_t next = 1;
      for (const ConsumedMessage& m : all_of(std::string(topics::kEvents), n)) {
        const std::optional<Place> place = place_of(m);
        EXPECT_TRUE(place);
        if (!place) return repetitions;
        EXPECT_LE(place->position.value, next) << "a gap in shard " << n << " at offset " << m.offset;
        EXPECT_TRUE(is_same(m, records.at(static_cast<std::size_t>(place->position.value - 1))));
        if (place->position.value == next)
          ++next;
        else
          ++repetitions;
      }
      EXPECT_EQ(next - 1, book.head(shard(n)).value) << "shard " << n;
    }
    return repetitions;
  }

  // Steps until all is confirmed.
  void drain(Relay& relay, std::uint64_t published) {
    const auto limit = std::chrono::steady_clock::now() + 60s;
    while (relay.counters().published < published && std::chrono::steady_clock::now() < limit) relay.step(5ms);
    EXPECT_GE(relay.counters().published, published);
  }

  runtime::SystemClock clock;
  LogBook book;
  MemoryCursorStore cursors;
  std::string prefix;
};

TEST_F(RelayOnBroker, PublishesRecordsRepliesAndRequests) {
  for (int i = 0; i < 3'000; ++i) book.append_event(shard(i % kShards));
  book.append_input(shard(0), kReplies);
  book.append_request(shard(1), "SKU-1");
  PrefixedBroker broker(config, prefix);
  Relay relay(book.store(), broker, cursors, clock);
  for (int n = 0; n < kShards; ++n) relay.assign(shard(n));
  drain(relay, 3'002);
  EXPECT_EQ(expect_published(), 0U);
  EXPECT_EQ(all_of(kReplies, 0).size() + all_of(kReplies, 1).size(), 1U);
  EXPECT_EQ(all_of(std::string(topics::kCommands), shard_of("SKU-1", kShards).value).size(), 1U);
}

TEST_F(RelayOnBroker, KilledAtAnyMomentItGoesOnWithoutAGap) {
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 2'000; ++i) book.append_event(shard(i % kShards));
    PrefixedBroker broker(config, prefix);
    Relay relay(book.store(), broker, cursors, clock, {.save_every = 1ms});
    for (int n = 0; n < kShards; ++n) relay.assign(shard(n));
    for (int i = 0; i < 10 + round * 3; ++i) relay.step(1ms);
    // It ends here, with messages in flight, and without saving.
  }
  PrefixedBroker broker(config, prefix);
  Relay relay(book.store(), broker, cursors, clock);
  for (int n = 0; n < kShards; ++n) relay.assign(shard(n));
  book.append_event(shard(0));
  const auto limit = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < limit) {
    relay.step(5ms);
    relay.finish(0ms);
    if (cursors.load(shard(0)) && cursors.load(shard(0))->position == book.head(shard(0)) && relay.counters().backlog == 0 &&
        relay.counters().in_flight == 0)
      break;
  }
  expect_published();
}

TEST_F(RelayOnBroker, AMissingReplyTopicHoldsNothingUpForLong) {
  book.append_input(shard(0), "ordersaga.replies.absent.v1");
  for (int i = 0; i < 10; ++i) book.append_event(shard(0));
  book.append_input(shard(0), "ordersaga.replies.absent.v1");
  book.append_input(shard(0), kReplies);
  PrefixedBroker broker(config, prefix);
  Relay relay(book.store(), broker, cursors, clock);
  relay.assign(shard(0));
  drain(relay, 13);
  EXPECT_EQ(relay.counters().dropped_replies, 2U);
  EXPECT_EQ(relay.counters().restarts, 0U);
  EXPECT_EQ(all_of(kReplies, 0).size() + all_of(kReplies, 1).size(), 1U);
}

TEST_F(RelayOnBroker, AReplyTopicThatRefusesTheReplyHoldsNothingUp) {
  auto narrow = reply_topic_spec("narrow", 1, 1);
  narrow.name = prefix + narrow.name;
  narrow.config.emplace_back("max.message.bytes", "50");
  KafkaAdmin(config).create_topics({&narrow, 1});
  for (int i = 0; i < 10; ++i) {
    book.append_input(shard(0), "ordersaga.replies.narrow.v1");
    book.append_input(shard(0), kReplies);
    book.append_event(shard(0));
  }
  PrefixedBroker broker(config, prefix);
  Relay relay(book.store(), broker, cursors, clock);
  relay.assign(shard(0));
  drain(relay, 30);
  EXPECT_EQ(relay.counters().dropped_replies, 10U);
  EXPECT_EQ(relay.counters().restarts, 0U);
  EXPECT_EQ(all_of(kReplies, 0).size() + all_of(kReplies, 1).size(), 10U);
}

TEST_F(RelayOnBroker, ATopicMadeAnewUnderALiveRelayIsNoticedAndFilledAgain) {
  for (int i = 0; i < 300; ++i) book.append_event(shard(i % kShards));
  PrefixedBroker broker(config, prefix);
  Relay relay(book.store(), broker, cursors, clock);
  for (int n = 0; n < kShards; ++n) relay.assign(shard(n));
  drain(relay, 300);
  {
    std::array<char, 512> why{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", config.brokers.c_str(), why.data(), why.size());
    runtime::kafka::ClientHandle client(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size()));
    runtime::kafka::QueueHandle queue(rd_kafka_queue_new(client.get()));
    const std::string name = prefix + std::string(topics::kEvents);
    rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
    rd_kafka_DeleteTopics(client.get(), &topic, 1, nullptr, queue.get());
    rd_kafka_DeleteTopic_destroy(topic);
    rd_kafka_event_t* done = rd_kafka_queue_poll(queue.get(), 30'000);
    ASSERT_NE(done, nullptr);
    rd_kafka_event_destroy(done);
    KafkaAdmin admin(config);
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (admin.missing({&name, 1}).empty() && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(20ms);
  }
  make_topics();
  for (int i = 0; i < 30; ++i) book.append_event(shard(i % kShards));
  const auto limit = std::chrono::steady_clock::now() + 60s;
  const auto is_done = [&] {
    for (int n = 0; n < kShards; ++n)
      if (!cursors.load(shard(n)) || cursors.load(shard(n))->position < book.head(shard(n))) return false;
    return true;
  };
  while (!is_done() && std::chrono::steady_clock::now() < limit) {
    try {
      relay.step(5ms);
    } catch (const runtime::kafka::KafkaError&) {
      std::this_thread::sleep_for(20ms);  // the topic is not everywhere yet
    }
  }
  EXPECT_GE(relay.counters().losses, 1U);
  EXPECT_GE(relay.counters().restarts, 1U);
  // Some of the later records may have come first; then all of them, from the first on.
  for (int n = 0; n < kShards; ++n) {
    std::int64_t next = 1;
    for (const ConsumedMessage& m : all_of(std::string(topics::kEvents), n))
      if (place_of(m)->position.value == next) ++next;
    EXPECT_EQ(next - 1, book.head(shard(n)).value);
  }
}

// Cursors that several threads may use.
class SharedCursors final : public CursorStore {
 public:
  std::optional<Cursor> load(Shard shard) override {
    const std::lock_guard lock(mutex_);
    return store_.load(shard);
  }
  void save(std::span<const Cursor> cursors) override {
    const std::lock_guard lock(mutex_);
    store_.save(cursors);
  }
  std::vector<Cursor> rewind(std::span<const Shard> shards, Epoch epoch, const std::string& cluster_id) override {
    const std::lock_guard lock(mutex_);
    return store_.rewind(shards, epoch, cluster_id);
  }
  void show_halts(std::span<const Shard> shards, const std::map<Shard, std::string>& halted) override {
    const std::lock_guard lock(mutex_);
    store_.show_halts(shards, halted);
  }

 private:
  std::mutex mutex_;
  MemoryCursorStore store_;
};

// Frozen past its session, it comes back when another has its shards, with records of its own in flight and a place of its own
// in the log.
TEST_F(RelayOnBroker, TwoRelaysOnOneShardMakeRepetitionsOfOldPositionsAndNothingElse) {
  SharedCursors shared;
  PrefixedBroker first_broker(config, prefix);
  PrefixedBroker second_broker(config, prefix);
  events::MemoryEventStore second_store(book.log());
  Relay first(book.store(), first_broker, shared, clock, {.read_limit = 50});
  Relay second(second_store, second_broker, shared, clock, {.read_limit = 70});
  for (int n = 0; n < kShards; ++n) first.assign(shard(n));
  for (int i = 0; i < 900; ++i) book.append_event(shard(i % kShards));
  for (int i = 0; first.counters().published < 200; ++i) first.step(2ms);
  for (int n = 0; n < kShards; ++n) second.assign(shard(n));
  drain(second, 300);
  for (int i = 0; i < 900; ++i) book.append_event(shard(i % kShards));
  for (int i = 0; i < 40; ++i) {
    first.step(1ms);
    second.step(1ms);
  }
  EXPECT_EQ(first.counters().halted_shards + second.counters().halted_shards, 0);
  const auto limit = std::chrono::steady_clock::now() + 60s;
  const auto is_done = [&] {
    for (int n = 0; n < kShards; ++n)
      if (!shared.load(shard(n)) || shared.load(shard(n))->position < book.head(shard(n))) return false;
    return true;
  };
  while (!is_done() && std::chrono::steady_clock::now() < limit) first.step(1ms), second.step(1ms);
  EXPECT_GT(expect_published(), 0U);
}

// A relay with everything of its own, on its own thread.
class Instance {
 public:
  Instance(const runtime::kafka::Config& config, const std::string& prefix, LogBook& book, CursorStore& cursors,
           const runtime::Clock& clock)
      : broker_(config, prefix, [this] { wake_.nudge(); }),
        store_(book.log()),
        relay_(store_, broker_, cursors, clock),
        member_(config, membership(prefix)) {
    thread_ = std::jthread([this](std::stop_token stop) { run_relay(std::move(stop), relay_, member_, wake_); });
  }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  const RelayCounters& counters() const { return relay_.counters(); }
  Wake& wake() { return wake_; }

 private:
  static runtime::kafka::ConsumerOptions membership(const std::string& prefix) {
    auto options = relay_membership();
    options.group = prefix + options.group;
    options.topics = {prefix + options.topics[0]};
    options.session_timeout = 6s;
    return options;
  }

  Wake wake_;
  PrefixedBroker broker_;
  events::MemoryEventStore store_;
  Relay relay_;
  KafkaConsumer member_;
  std::jthread thread_;
};

bool eventually(const std::function<bool()>& done) {
  const auto limit = std::chrono::steady_clock::now() + 60s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

TEST_F(RelayOnBroker, TwoRelaysShareTheShardsAndOneTakesOverWhenTheOtherGoes) {
  SharedCursors shared;
  auto first = std::make_unique<Instance>(config, prefix, book, shared, clock);
  ASSERT_TRUE(eventually([&] { return first->counters().assigned_shards == kShards; }));
  for (int i = 0; i < 900; ++i) book.append_event(shard(i % kShards));
  auto second = std::make_unique<Instance>(config, prefix, book, shared, clock);
  ASSERT_TRUE(eventually([&] {
    return first->counters().assigned_shards + second->counters().assigned_shards == kShards && second->counters().assigned_shards > 0;
  }));
  for (int i = 0; i < 900; ++i) book.append_event(shard(i % kShards));
  first->stop();
  first.reset();
  for (int i = 0; i < 900; ++i) book.append_event(shard(i % kShards));
  second->wake().notify();
  ASSERT_TRUE(eventually([&] {
    for (int n = 0; n < kShards; ++n)
      if (!shared.load(shard(n)) || shared.load(shard(n))->position < book.head(shard(n))) return false;
    return true;
  }));
  EXPECT_EQ(second->counters().assigned_shards, kShards);
  second->stop();
  expect_published();
}

}  // namespace
}  // namespace ordersaga::relay
