// The projector's metrics, as /metrics shows them, are moved by what they count.
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "events/errors.h"
#include "ordersaga/order/v1/events.pb.h"
#include "projections/all_projections.h"
#include "projections/memory_read_store.h"
#include "projections/projector_role.h"
#include "projections/redrive.h"
#include "runtime/metrics.h"
#include "tests/projections/fake_consumer.h"
#include "tests/projections/history.h"

namespace ordersaga::projections::testing {
namespace {

using namespace std::chrono_literals;

class HandClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return runtime::WallTime(time_); }
  std::chrono::microseconds steady() const override { return time_; }
  void pass(std::chrono::milliseconds duration) { time_ += duration; }

 private:
  std::chrono::microseconds time_ = 1'800'000'000s;
};

// A store that can be away.
class StoreThatGoes final : public ReadStore {
 public:
  explicit StoreThatGoes(MemoryReadTables& tables) : store_(tables) {}
  std::vector<Checkpoint> open_checkpoints(std::span<const std::string> projections, std::span<const Shard> shards, Epoch epoch,
                                           Timestamp now) override {
    return there().open_checkpoints(projections, shards, epoch, now);
  }
  void carry_over(std::span<const Checkpoint> checkpoints, Epoch to) override { there().carry_over(checkpoints, to); }
  std::unique_ptr<ReadTransaction> begin() override { return there().begin(); }
  std::unique_ptr<ReadSnapshot> snapshot() override { return there().snapshot(); }

  bool away = false;

 private:
  MemoryReadStore& there() {
    if (away) throw events::StoreUnavailable("the server has gone");
    return store_;
  }
  MemoryReadStore store_;
};

class ProjectorMetrics : public ::testing::Test {
 protected:
  // -1 when there is no such sample.
  double sample(const std::string& series) {
    std::istringstream lines(metrics_.text());
    const std::string wanted = "ordersaga_projection_" + series + " ";
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(wanted)) return std::stod(line.substr(wanted.size()));
    return -1;
  }
  void step_until_idle() {
    for (int i = 0; i < 1'000; ++i)
      if (runner_.step() == 0 && runner_.step() == 0) return;
    FAIL() << "the projector never comes to rest";
  }
  void publish(std::int64_t from, std::int64_t to, Epoch epoch = Epoch(1)) {
    const events::ShardPosition start{Shard(0), Position(0)};
    for (const auto& event : history_.store().read_shards({&start, 1}, 1'000))
      if (event.position.value >= from && event.position.value <= to) topic_.publish(message_of(event, 0, epoch));
  }

  History history_{1};
  FakeTopic topic_;
  MemoryReadTables tables_;
  StoreThatGoes store_{tables_};
  HandClock clock_;
  FakeConsumer consumer_{topic_, {0}};
  Runner runner_{consumer_, history_.store(),  store_,
                 clock_,    all_projections(), {.max_batch = 10, .poll_timeout = {}, .lag_every = 1'000ms, .patience = 10s}};
  runtime::Metrics metrics_;
  std::unique_ptr<runtime::Metrics::Collection> exported_ = export_counters(metrics_, runner_, "one");
};

TEST_F(ProjectorMetrics, count_records_batches_and_repetitions) {
  record_completed_order(history_, "o1");  // 24 records
  publish(1, 24);
  EXPECT_EQ(sample("applied_total"), 0);
  step_until_idle();
  EXPECT_EQ(sample("applied_total"), 24);
  EXPECT_EQ(sample("batches_total"), 3);  // of ten
  EXPECT_EQ(sample("duplicates_total"), 0);
  publish(20, 24);
  step_until_idle();
  EXPECT_EQ(sample("applied_total"), 24);
  EXPECT_EQ(sample("duplicates_total"), 5);
}

TEST_F(ProjectorMetrics, show_how_far_a_projection_is_behind_and_how_it_caught_up) {
  const std::string events = R"(lag_events{projection="order_summary",session="one"})";
  const std::string seconds = R"(lag_seconds{projection="order_summary",session="one"})";
  record_completed_order(history_, "o1");
  step_until_idle();
  clock_.pass(2s);
  step_until_idle();
  EXPECT_EQ(sample(events), 24);
  EXPECT_GE(sample(seconds), 2);
  EXPECT_LT(sample(seconds), 10);
  EXPECT_EQ(sample("gaps_total"), 0);
  clock_.pass(10s);  // no message comes: the log is read
  step_until_idle();
  clock_.pass(2s);
  step_until_idle();
  EXPECT_EQ(sample(events), 0);
  EXPECT_EQ(sample(seconds), 0);
  EXPECT_EQ(sample("gaps_total"), 1);
  EXPECT_EQ(sample("filled_total"), 24);
}

TEST_F(ProjectorMetrics, count_what_cannot_be_read) {
  history_.record_bytes("order-o2", events::TypeNumber(9'999), "");  // concerns every projection
  record_completed_order(history_, "o1");
  publish(1, 1);
  auto broken = topic_.partitions.at(0).at(0);
  broken.headers.clear();
  topic_.publish(broken);
  publish(2, 25);
  step_until_idle();
  EXPECT_EQ(sample("parked_total"), static_cast<double>(tables_.rows["parked_messages"].size()));
  EXPECT_GT(sample("parked_total"), 1);
  EXPECT_EQ(sample("unreadable_total"), 1);
}

TEST_F(ProjectorMetrics, count_parked_records_that_an_operator_had_applied_after_all) {
  record_completed_order(history_, "o1");
  // As if the program that parked the order's first event had not known better: it can be applied now.
  ParkedMessage parked;
  parked.projection = "order_summary";
  parked.position = Position(2);
  parked.key = "o1";
  parked.code = park_code::kUnknownType;
  tables_.rows["parked_messages"][joined_key(parked.projection, parked.shard, parked.position)] = to_row(parked);
  for (const char* name : {"order_summary", "saga_status", "stock_levels"})
    tables_.checkpoints[{name, Shard(0)}] = {name, Shard(0), Epoch(1), Position(2)};
  EXPECT_EQ(sample("redriven_total"), 0);
  const Request request{Shard(0), 1, parked.projection, parked.key, kRetry, "because", "op", clock_.now()};
  tables_.rows["projection_requests"][joined_key(request.shard, request.id)] = to_row(request);
  clock_.pass(2s);  // operators' wishes are looked for each second
  step_until_idle();
  EXPECT_EQ(sample("redriven_total"), 1);
}

TEST_F(ProjectorMetrics, show_a_shard_that_waits_for_an_operator) {
  record_completed_order(history_, "o1");
  publish(1, 5);
  step_until_idle();
  EXPECT_EQ(sample(R"(halted_shards{session="one"})"), 0);
  publish(6, 10, Epoch(2));
  step_until_idle();
  EXPECT_EQ(sample(R"(halted_shards{session="one"})"), 1);
}

// What /ready asks.
class ProjectorReadiness : public ProjectorMetrics {
 protected:
  bool step() {
    return step_projector(runner_, clock_, health_, [this] { return brokers_down_; });
  }
  std::optional<std::string> problem() { return problem_of(runner_.counters(), health_, clock_.steady()); }

  ProjectorHealth health_;
  bool brokers_down_ = false;
};

TEST_F(ProjectorReadiness, goes_with_the_database_and_comes_back_with_it) {
  record_completed_order(history_, "o1");
  EXPECT_TRUE(step());
  EXPECT_EQ(problem(), std::nullopt);
  store_.away = true;
  publish(1, 24);
  EXPECT_FALSE(step());
  EXPECT_EQ(problem(), std::nullopt) << "once is nothing";
  clock_.pass(2s);
  EXPECT_FALSE(step());
  EXPECT_EQ(problem(), "the database has not answered for 2 s");
  store_.away = false;
  while (sample("applied_total") < 24) ASSERT_TRUE(step());
  EXPECT_EQ(problem(), std::nullopt);
}

TEST_F(ProjectorReadiness, goes_with_kafka_and_comes_back_with_it) {
  brokers_down_ = true;
  step();
  EXPECT_EQ(problem(), "Kafka cannot be reached");
  brokers_down_ = false;
  step();
  EXPECT_EQ(problem(), std::nullopt);
}

TEST_F(ProjectorReadiness, goes_when_it_lags_for_more_than_a_minute_and_comes_back_when_it_has_caught_up) {
  record_completed_order(history_, "o1");
  step_until_idle();
  EXPECT_EQ(problem(), std::nullopt);
  clock_.pass(61s);  // no message comes
  step();
  EXPECT_EQ(problem(), "order_summary is 61 s behind");
  step_until_idle();  // the log was read instead
  clock_.pass(1s);
  step_until_idle();
  EXPECT_EQ(problem(), std::nullopt);
}

TEST_F(ProjectorMetrics, count_batches_that_another_projector_had_applied) {
  record_completed_order(history_, "o1");
  record_completed_order(history_, "o2");
  publish(1, 48);
  FakeTopic same = topic_;
  FakeConsumer others(same, {0});
  Runner other(others, history_.store(), store_, clock_, all_projections(), {.max_batch = 20, .poll_timeout = {}});
  runner_.step();
  other.step();  // reads where the first has come
  for (int i = 0; i < 20; ++i) {
    other.step();
    runner_.step();
  }
  EXPECT_GT(sample("overtaken_total"), 0);
}

}  // namespace
}  // namespace ordersaga::projections::testing
