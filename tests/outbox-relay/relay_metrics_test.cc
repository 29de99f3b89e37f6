// The relay's metrics, as /metrics shows them, are moved by what they count.
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "outbox-relay/relay_role.h"
#include "runtime/metrics.h"
#include "tests/outbox-relay/relay_fixture.h"

namespace ordersaga::relay::testing {
namespace {

using namespace std::chrono_literals;

class RelayMetrics : public RelayTest {
 protected:
  void start_counted(RelayOptions options = {}) {
    exported_.reset();  // while what it reads lives
    start(options);
    exported_ = export_counters(metrics_, *relay);
  }
  // -1 when there is no such metric.
  double sample(const std::string& name) {
    std::istringstream lines(metrics_.text());
    const std::string wanted = "ordersaga_outbox_" + name + " ";
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(wanted)) return std::stod(line.substr(wanted.size()));
    return -1;
  }

  runtime::Metrics metrics_;
  std::unique_ptr<runtime::Metrics::Collection> exported_;
};

TEST_F(RelayMetrics, count_records_and_their_messages_apart) {
  book.append_event(shard(0));
  book.append_input(shard(0), kReplies);  // its record, its reply, and a request
  start_counted();
  EXPECT_EQ(sample("published_total"), 0);
  settle();
  EXPECT_EQ(sample("assigned_shards"), kShards);
  EXPECT_EQ(sample("published_total"), static_cast<double>(book.head(shard(0)).value));
  const std::string read = "\nordersaga_relay_records_read_total{from=\"store\"} " + std::to_string(book.head(shard(0)).value) + "\n";
  EXPECT_NE(metrics_.text().find(read), std::string::npos) << metrics_.text();
  const auto sent = kafka.count_by_topic();
  int messages = 0;
  for (const auto& [topic, count] : sent) messages += static_cast<int>(count);
  EXPECT_GT(messages, sample("published_total"));
  EXPECT_EQ(sample("messages_total"), messages);
}

TEST_F(RelayMetrics, show_what_waits_and_how_long_until_it_is_confirmed) {
  start_counted();
  settle();
  EXPECT_EQ(sample("backlog"), 0);
  EXPECT_EQ(sample("in_flight"), 0);
  kafka.per_poll = 0;
  for (int i = 0; i < 4; ++i) book.append_event(shard(0));
  clock.pass(5s);
  step(200);
  EXPECT_EQ(sample("backlog"), 4);
  EXPECT_GE(sample("oldest_age_seconds"), 5);
  EXPECT_LT(sample("oldest_age_seconds"), 60);
  EXPECT_EQ(problem_of(relay->counters()), std::nullopt);
  EXPECT_GT(sample("in_flight"), 0);
  clock.pass(60s);
  step(200);
  EXPECT_TRUE(problem_of(relay->counters()).value_or("").starts_with("a record has waited 6"));
  kafka.per_poll = 1'000;
  settle();
  step(200);
  EXPECT_EQ(sample("backlog"), 0);
  EXPECT_EQ(sample("oldest_age_seconds"), 0);
  EXPECT_EQ(sample("in_flight"), 0);
  EXPECT_EQ(problem_of(relay->counters()), std::nullopt) << "that is over by itself";
}

TEST_F(RelayMetrics, count_replies_that_their_topic_refused) {
  kafka.missing.insert(kReplies);
  for (int i = 0; i < 5; ++i) book.append_input(shard(0), kReplies);
  start_counted();
  settle();
  EXPECT_EQ(sample("dropped_replies_total"), 5);
  EXPECT_EQ(sample("restarts_total"), 0);
}

TEST_F(RelayMetrics, count_losses_of_kafka_and_the_producers_dropped_for_them) {
  for (int i = 0; i < 20; ++i) book.append_event(shard(0));
  start_counted();
  settle();
  EXPECT_EQ(sample("kafka_losses_total"), 0);
  kafka.wipe();
  book.append_event(shard(0));
  settle();
  EXPECT_EQ(sample("kafka_losses_total"), 1);
  EXPECT_EQ(sample("restarts_total"), 1);
}

TEST_F(RelayMetrics, count_messages_too_old_for_their_topic_and_what_an_operator_has_sent_again) {
  book.append_input(shard(0), kReplies);
  clock.pass(24h * 20);
  book.append_event(shard(0));
  start_counted();
  settle();
  EXPECT_EQ(sample("expired_total"), 1);
  EXPECT_EQ(sample("republished_total"), 0);
  cursors.request_republish(shard(0), Position(1));
  settle();
  EXPECT_EQ(sample("republished_total"), 1);
}

TEST_F(RelayMetrics, show_a_shard_that_waits_for_an_operator) {
  book.append_event(shard(0));
  auto changed = messages_of(book.records(shard(0))[0], Epoch(1), kShards)[0].out;
  changed.value = "other bytes";
  kafka.write(changed);
  start_counted();
  EXPECT_EQ(sample("halted_shards"), 0);
  settle();
  EXPECT_EQ(sample("halted_shards"), 1);
  EXPECT_EQ(problem_of(relay->counters()), "1 shards are halted until an operator has looked; the log says why");
  relay->revoke(shard(0));
  EXPECT_EQ(sample("halted_shards"), 0);
  EXPECT_EQ(problem_of(relay->counters()), std::nullopt);
}

}  // namespace
}  // namespace ordersaga::relay::testing
