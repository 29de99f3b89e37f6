#include "projections/runner.h"

#include <gtest/gtest.h>

#include "events/errors.h"
#include "ordersaga/order/v1/events.pb.h"
#include "projections/all_projections.h"
#include "projections/memory_read_store.h"
#include "projections/order_summary/rows.h"
#include "tests/projections/fake_consumer.h"
#include "tests/projections/folded.h"
#include "tests/projections/history.h"
#include "tests/support/proto_text.h"

namespace ordersaga::projections::testing {
namespace {

using tests::proto;
namespace order = ordersaga::order::v1;
using order_summary::Order;

class TestClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return runtime::WallTime(time_); }
  std::chrono::microseconds steady() const override { return time_; }
  void pass(std::chrono::milliseconds duration) { time_ += duration; }

 private:
  std::chrono::microseconds time_ = std::chrono::seconds(1'800'000'000);
};

// A store whose next commits fail as told.
class FailingStore final : public ReadStore {
 public:
  explicit FailingStore(MemoryReadTables& tables) : store_(tables) {}
  // Of the commits to come: how many fail, and whether they took effect all the same.
  int failures = 0;
  bool done_all_the_same = false;
  // Refuses batches with a row that has this text.
  std::string refused_text;

  std::vector<Checkpoint> open_checkpoints(std::span<const std::string> projections, std::span<const Shard> shards, Epoch epoch,
                                           Timestamp now) override {
    return store_.open_checkpoints(projections, shards, epoch, now);
  }
  void carry_over(std::span<const Checkpoint> checkpoints, Epoch to) override { store_.carry_over(checkpoints, to); }
  std::unique_ptr<ReadTransaction> begin() override { return std::make_unique<Transaction>(*this, store_.begin()); }
  std::unique_ptr<ReadSnapshot> snapshot() override { return store_.snapshot(); }

 private:
  class Transaction final : public ReadTransaction {
   public:
    Transaction(FailingStore& store, std::unique_ptr<ReadTransaction> inner) : store_(store), inner_(std::move(inner)) {}
    bool advance(std::span<const Advance> moves, Timestamp now) override { return inner_->advance(moves, now); }
    std::vector<Row> select(const Table& table, std::span<const Row> keys) override { return inner_->select(table, keys); }
    void insert(const RowBlock& rows) override {
      check(rows);
      inner_->insert(rows);
    }
    void update(const RowBlock& rows) override {
      check(rows);
      inner_->update(rows);
    }
    void upsert(const RowBlock& rows) override {
      check(rows);
      inner_->upsert(rows);
    }
    void append(const Table& table, std::span<const Row> rows) override { inner_->append(table, rows); }
    void erase(const Table& table, std::span<const Row> keys) override { inner_->erase(table, keys); }
    void commit() override {
      if (store_.failures == 0) return inner_->commit();
      --store_.failures;
      if (store_.done_all_the_same) inner_->commit();
      throw events::CommitInDoubt("the connection broke");
    }

   private:
    void check(const RowBlock& rows) {
      for (std::size_t i = 0; i < rows.size(); ++i)
        for (const Cell& cell : rows.row(i))
          if (!store_.refused_text.empty() && cell == store_.refused_text) throw events::BadData("refused");
    }
    FailingStore& store_;
    std::unique_ptr<ReadTransaction> inner_;
  };
  MemoryReadStore store_;
};

// One shard, a topic, and a projector that can be started anew.
class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() { start(); }

  void start() {
    consumer_ = std::make_unique<FakeConsumer>(topic_, std::vector<std::int32_t>{0});
    runner_ = std::make_unique<Runner>(*consumer_, history_.store(), store_, clock_, all_projections(), options_);
  }
  void step_until_idle() {
    for (int i = 0; i < 1'000; ++i)
      if (runner_->step() == 0 && runner_->step() == 0) return;
    FAIL() << "the projector never comes to rest";
  }
  std::vector<events::RecordedEvent> log() {
    events::ShardPosition start{Shard(0), Position(0)};
    return history_.store().read_shards({&start, 1}, 100'000);
  }
  void publish(std::int64_t from, std::int64_t to, Epoch epoch = Epoch(1)) {
    for (const auto& event : log())
      if (event.position.value >= from && event.position.value <= to) topic_.publish(message_of(event, 0, epoch));
  }
  void publish_all() { publish(1, 1'000'000); }
  const RunnerCounters& counters() const { return runner_->counters(); }
  Position reached(const std::string& projection = "order_summary") { return tables_.checkpoints.at({projection, Shard(0)}).position; }
  // The read models are what the log says.
  void expect_exact() {
    Folded expected(history_);
    expected.catch_up();
    for (auto& [name, rows] : expected.tables().rows) EXPECT_EQ(tables_.rows[name], rows) << name;
  }

  History history_{1};
  FakeTopic topic_;
  MemoryReadTables tables_;
  FailingStore store_{tables_};
  TestClock clock_;
  RunnerOptions options_{
      .max_batch = 10, .poll_timeout = {}, .lag_every = std::chrono::milliseconds(1'000), .patience = std::chrono::seconds(10)};
  std::unique_ptr<FakeConsumer> consumer_;
  std::unique_ptr<Runner> runner_;
};

TEST_F(RunnerTest, applies_the_topic_and_commits_its_offsets) {
  record_completed_order(history_, "o1");
  record_completed_order(history_, "o2");
  publish_all();
  step_until_idle();
  expect_exact();
  EXPECT_EQ(counters().applied, 48u);
  EXPECT_EQ(counters().duplicates, 0u);
  EXPECT_EQ(counters().gaps, 0u);
  EXPECT_EQ(topic_.committed[0], 48);
  EXPECT_EQ(reached(), Position(48));
}

// Each poll brings one message and takes time, as a busy topic does.
class SlowConsumer final : public runtime::kafka::Consumer {
 public:
  SlowConsumer(runtime::kafka::Consumer& inner, TestClock& clock) : inner_(inner), clock_(clock) {}
  runtime::kafka::Polled poll(std::size_t, std::chrono::milliseconds timeout) override {
    clock_.pass(std::chrono::milliseconds(1));
    return inner_.poll(1, timeout);
  }
  void commit(std::string_view topic, std::int32_t partition, std::int64_t next) override { inner_.commit(topic, partition, next); }
  void pause(std::string_view topic, std::int32_t partition) override { inner_.pause(topic, partition); }
  void resume(std::string_view topic, std::int32_t partition) override { inner_.resume(topic, partition); }
  void seek(std::string_view topic, std::int32_t partition, std::int64_t offset) override { inner_.seek(topic, partition, offset); }

 private:
  runtime::kafka::Consumer& inner_;
  TestClock& clock_;
};

TEST_F(RunnerTest, gathers_under_load_and_answers_at_once_when_there_is_little) {
  for (int i = 0; i < 20; ++i) record_completed_order(history_, "o" + std::to_string(i));
  publish_all();
  FakeConsumer all(topic_, {0});
  SlowConsumer slow(all, clock_);
  Runner quiet(slow, history_.store(), store_, clock_, all_projections(), {.max_batch = 1'000, .busy = 2, .gather = {}});
  for (int i = 0; i < 10; ++i) quiet.step();
  EXPECT_EQ(quiet.counters().applied, 10u);
  EXPECT_EQ(quiet.counters().batches, 10u);

  FakeConsumer rest(topic_, {0});
  SlowConsumer slow_rest(rest, clock_);
  Runner busy(slow_rest, history_.store(), store_, clock_, all_projections(),
              {.max_batch = 1'000, .busy = 1, .gather = std::chrono::milliseconds(50)});
  busy.step();
  EXPECT_EQ(busy.counters().applied, 1u);
  busy.step();
  EXPECT_EQ(busy.counters().applied, 1u + 50u);
  for (int i = 0; i < 20; ++i) busy.step();
  expect_exact();
}

TEST_F(RunnerTest, drops_what_it_has_applied_before) {
  record_completed_order(history_, "o1");
  publish(1, 20);
  publish(5, 15);
  publish(18, 24);
  publish(1, 24);
  step_until_idle();
  expect_exact();
  EXPECT_EQ(counters().applied, 24u);
  EXPECT_EQ(counters().duplicates, 11u + 3u + 24u);
  EXPECT_EQ(topic_.committed[0], 62);
}

TEST_F(RunnerTest, a_new_process_goes_on_at_the_checkpoint_whatever_the_offsets_say) {
  record_completed_order(history_, "o1");
  publish_all();
  step_until_idle();
  topic_.committed[0] = 0;
  start();
  step_until_idle();
  EXPECT_EQ(counters().applied, 0u);
  EXPECT_EQ(counters().duplicates, 24u);
  expect_exact();
}

TEST_F(RunnerTest, fills_a_gap_from_the_log_while_the_partition_waits) {
  options_.max_batch = 200;
  start();
  for (int i = 0; i < 30; ++i) record_completed_order(history_, "o" + std::to_string(i));
  publish(1, 10);
  step_until_idle();
  publish(600, 610);
  runner_->step();
  EXPECT_TRUE(consumer_->is_paused(0));
  step_until_idle();
  EXPECT_FALSE(consumer_->is_paused(0));
  EXPECT_EQ(reached(), Position(610));
  EXPECT_EQ(counters().gaps, 1u);
  EXPECT_EQ(counters().filled, 589u);
  publish(611, 720);
  step_until_idle();
  expect_exact();
  EXPECT_EQ(counters().gaps, 1u);
}

TEST_F(RunnerTest, a_shard_that_no_message_brings_forward_is_read_from_the_log_after_a_while) {
  record_completed_order(history_, "o1");
  step_until_idle();
  EXPECT_EQ(reached(), Position(0));
  clock_.pass(std::chrono::seconds(2));
  step_until_idle();
  EXPECT_EQ(reached(), Position(0));
  EXPECT_EQ(counters().lags[0]->events, 24);
  EXPECT_GE(counters().lags[0]->millis, 2'000);
  clock_.pass(std::chrono::seconds(10));
  step_until_idle();
  expect_exact();
  EXPECT_EQ(counters().gaps, 1u);
  EXPECT_EQ(counters().filled, 24u);
  clock_.pass(std::chrono::seconds(2));
  step_until_idle();
  EXPECT_EQ(counters().lags[0]->events, 0);
  EXPECT_EQ(counters().lags[0]->millis, 0);
}

TEST_F(RunnerTest, a_message_of_another_epoch_halts_the_shard) {
  record_completed_order(history_, "o1");
  publish(1, 5);
  publish(6, 10, Epoch(2));
  publish(11, 24);
  step_until_idle();
  EXPECT_EQ(reached(), Position(5));
  EXPECT_EQ(topic_.committed[0], 5);
  EXPECT_EQ(counters().halted_shards, 1);
  EXPECT_TRUE(consumer_->is_paused(0));
  ASSERT_TRUE(runner_->halted().contains(Shard(0)));
  EXPECT_NE(runner_->halted().at(Shard(0)).find("epoch 2"), std::string::npos);
}

TEST_F(RunnerTest, a_message_of_an_older_epoch_that_was_applied_is_a_duplicate) {
  history_.log().set_epoch(Epoch(2));
  record_completed_order(history_, "o1");
  publish(1, 24, Epoch(2));
  publish(1, 24, Epoch(1));
  step_until_idle();
  EXPECT_EQ(counters().halted_shards, 0);
  EXPECT_EQ(counters().duplicates, 24u);
}

TEST_F(RunnerTest, a_topic_ahead_of_the_log_halts_the_shard) {
  record_completed_order(history_, "o1");
  publish(1, 5);
  auto ahead = message_of(log().at(20), 0);
  for (auto& h : ahead.headers)
    if (h.name == headers::kPosition) h.value = "900";
  topic_.publish(ahead);
  step_until_idle();
  EXPECT_EQ(counters().halted_shards, 1);
  EXPECT_EQ(reached(), Position(24));
}

TEST_F(RunnerTest, a_log_of_another_life_fills_no_gap) {
  record_completed_order(history_, "o1");
  publish(1, 5);
  step_until_idle();
  publish(10, 12);
  history_.log().take_back(Shard(0), Position(3));
  history_.log().begin_epoch({});
  step_until_idle();
  EXPECT_EQ(counters().halted_shards, 1);
  EXPECT_EQ(reached(), Position(5));
}

TEST_F(RunnerTest, goes_on_in_a_new_epoch_that_undid_nothing_of_its_rows) {
  record_completed_order(history_, "o1");
  publish_all();
  step_until_idle();
  history_.log().begin_epoch({});
  record_completed_order(history_, "o2");
  publish(25, 48, Epoch(2));
  step_until_idle();
  EXPECT_EQ(counters().halted_shards, 0);
  EXPECT_EQ(reached(), Position(48));
  EXPECT_EQ((tables_.checkpoints.at({"order_summary", Shard(0)}).epoch), Epoch(2));
  expect_exact();
}

TEST_F(RunnerTest, drops_messages_of_a_life_that_is_over) {
  record_completed_order(history_, "o1");
  publish(1, 10);
  step_until_idle();
  publish(11, 24);
  history_.log().take_back(Shard(0), Position(10));
  history_.log().begin_epoch({});
  record_completed_order(history_, "o2");
  publish(11, 34, Epoch(2));
  clock_.pass(std::chrono::milliseconds(1'100));
  step_until_idle();
  EXPECT_EQ(counters().halted_shards, 0);
  EXPECT_EQ(counters().duplicates, 14u);
  EXPECT_EQ(reached(), Position(34));
  expect_exact();
}

TEST_F(RunnerTest, rows_of_records_that_exist_no_more_halt_the_shard_until_they_are_made_anew) {
  for (const char* id : {"o1", "o2"}) record_completed_order(history_, id);
  publish_all();
  step_until_idle();
  history_.log().take_back(Shard(0), Position(24));
  history_.log().begin_epoch({});
  record_completed_order(history_, "o3");
  publish(25, 48, Epoch(2));
  clock_.pass(std::chrono::milliseconds(1'100));
  step_until_idle();
  EXPECT_EQ(counters().halted_shards, 1);
  ASSERT_TRUE(runner_->halted().contains(Shard(0)));
  EXPECT_NE(runner_->halted().at(Shard(0)).find("order_summary, saga_status, stock_levels: made of records that are not in the log"),
            std::string::npos);
  EXPECT_EQ(reached(), Position(48));

  Folded anew(history_);
  anew.catch_up();
  for (const char* name : {"order_summary", "saga_status", "stock_levels"}) {
    Checkpoint& c = tables_.checkpoints.at({name, Shard(0)});
    EXPECT_EQ(c.epoch, Epoch(1));
    c.epoch = Epoch(2);
    ++c.generation;
  }
  for (auto& [name, rows] : anew.tables().rows) tables_.rows[name] = rows;
  clock_.pass(std::chrono::milliseconds(1'100));
  step_until_idle();
  EXPECT_EQ(counters().halted_shards, 0);
  record_completed_order(history_, "o4");
  publish(49, 72, Epoch(2));
  step_until_idle();
  EXPECT_EQ(reached(), Position(72));
  expect_exact();
}

TEST_F(RunnerTest, a_message_that_is_no_record_is_kept_and_the_record_is_taken_from_the_log) {
  record_completed_order(history_, "o1");
  publish(1, 5);
  auto broken = message_of(log().at(5), 0);
  broken.headers.clear();
  broken.value = std::string("\0\xff", 2);
  topic_.publish(broken);
  publish(7, 24);
  step_until_idle();
  expect_exact();
  EXPECT_EQ(counters().unreadable, 1u);
  EXPECT_EQ(counters().gaps, 1u);
  EXPECT_EQ(topic_.committed[0], 24);
  auto kept = from_row<UnreadableMessage>(tables_.rows["unreadable_messages"].begin()->second);
  EXPECT_EQ(kept.offset, 5);
  EXPECT_EQ(kept.value_base64, "AP8=");
  EXPECT_NE(kept.reason.find("ce_shard"), std::string::npos);
}

TEST_F(RunnerTest, a_message_whose_value_is_broken_gives_way_to_the_logs_record) {
  record_completed_order(history_, "o1");
  publish(1, 1);
  auto broken = message_of(log().at(1), 0);
  broken.value = "\xff\xff\xff";
  topic_.publish(broken);
  publish(3, 24);
  step_until_idle();
  expect_exact();
  EXPECT_EQ(counters().unreadable, 1u);
  EXPECT_EQ(counters().parked, 0u);
}

TEST_F(RunnerTest, a_poisoned_record_parks_its_key_and_the_partition_goes_on) {
  history_.record("order-o1", proto<order::OrderPlaced>(placed_text("o1")));
  history_.record_bytes("order-o1", events::TypeNumber(103), "\xff\xff");
  history_.record("order-o1", order::OrderReady());
  history_.record_bytes("order-o2", events::TypeNumber(9'999), "");
  record_completed_order(history_, "o3");
  publish_all();
  step_until_idle();
  EXPECT_EQ(reached(), Position(28));
  EXPECT_EQ(from_row<Order>(tables_.rows["order_summary"].at("o1")).status, "PENDING");
  EXPECT_EQ(from_row<Order>(tables_.rows["order_summary"].at("o3")).status, "COMPLETED");
  std::vector<std::string> codes;
  for (const auto& [key, cells] : tables_.rows["parked_messages"]) {
    auto parked = from_row<ParkedMessage>(cells);
    codes.push_back(parked.projection + " " + std::to_string(parked.position.value) + " " + parked.code);
  }
  // Only the projections that an event concerns park it; what nobody knows concerns all.
  EXPECT_EQ(codes, (std::vector<std::string>{"order_summary 2 UNREADABLE_PAYLOAD", "order_summary 3 BEHIND_PARKED",
                                             "order_summary 4 UNKNOWN_TYPE", "saga_status 4 UNKNOWN_TYPE", "stock_levels 4 UNKNOWN_TYPE"}));
}

TEST_F(RunnerTest, a_parked_key_stays_parked_in_a_new_process) {
  history_.record("order-o1", order::OrderConfirmed());
  publish_all();
  step_until_idle();
  start();
  history_.record("order-o1", order::OrderReady());
  publish(2, 2);
  step_until_idle();
  ASSERT_EQ(tables_.rows["parked_messages"].size(), 2u);
  EXPECT_EQ(from_row<ParkedMessage>(tables_.rows["parked_messages"].rbegin()->second).code, "BEHIND_PARKED");
}

TEST_F(RunnerTest, one_record_that_the_store_refuses_is_parked_alone) {
  store_.refused_text = "no such customer";
  for (const char* id : {"o1", "o2", "o3", "o4", "o5"}) {
    auto placed = proto<order::OrderPlaced>(placed_text(id));
    if (id == std::string("o3")) placed.set_customer_id("no such customer");
    history_.record(std::string("order-") + id, placed);
  }
  history_.record("order-o3", order::OrderConfirmed());
  publish_all();
  step_until_idle();
  EXPECT_EQ(reached(), Position(6));
  EXPECT_EQ(tables_.rows["order_summary"].size(), 4u);
  ASSERT_EQ(tables_.rows["parked_messages"].size(), 2u);
  auto parked = from_row<ParkedMessage>(tables_.rows["parked_messages"].begin()->second);
  EXPECT_EQ(parked.key, "o3");
  EXPECT_EQ(parked.code, "REFUSED_BY_STORE");
}

TEST_F(RunnerTest, nothing_is_lost_or_done_twice_when_a_commit_fails) {
  record_completed_order(history_, "o1");
  publish_all();
  store_.failures = 2;
  EXPECT_THROW(runner_->step(), events::CommitInDoubt);
  EXPECT_TRUE(consumer_->is_paused(0));
  EXPECT_THROW(runner_->step(), events::CommitInDoubt);
  EXPECT_EQ(topic_.committed[0], 0);
  step_until_idle();
  expect_exact();
  EXPECT_EQ(counters().applied, 24u);
  EXPECT_EQ(counters().gaps, 0u);
}

TEST_F(RunnerTest, nothing_is_done_twice_when_a_commit_was_done_but_its_answer_lost) {
  record_completed_order(history_, "o1");
  publish_all();
  store_.failures = 1;
  store_.done_all_the_same = true;
  EXPECT_THROW(runner_->step(), events::CommitInDoubt);
  step_until_idle();
  expect_exact();
  EXPECT_EQ(counters().duplicates, 10u);
  EXPECT_EQ(topic_.committed[0], 24);
}

TEST_F(RunnerTest, two_projectors_on_one_shard_do_nothing_twice) {
  record_completed_order(history_, "o1");
  record_completed_order(history_, "o2");
  publish_all();
  FakeTopic same = topic_;
  FakeConsumer zombie_consumer(same, {0});
  Runner zombie(zombie_consumer, history_.store(), store_, clock_, all_projections(), options_);
  runner_->step();
  zombie.step();  // reads where the first has come
  for (int i = 0; i < 20; ++i) {
    runner_->step();
    zombie.step();
  }
  expect_exact();
  EXPECT_GT(counters().overtaken + zombie.counters().overtaken, 0u);
  EXPECT_EQ(counters().applied + zombie.counters().applied, 48u);
  EXPECT_EQ(topic_.committed[0], 48);
}

TEST_F(RunnerTest, a_revoked_shard_is_let_go_and_taken_up_again_where_it_is) {
  record_completed_order(history_, "o1");
  publish(1, 12);
  step_until_idle();
  consumer_->revoke({0});
  publish(13, 24);
  step_until_idle();
  EXPECT_EQ(reached(), Position(12));
  consumer_->assign({0});
  step_until_idle();
  expect_exact();
}

}  // namespace
}  // namespace ordersaga::projections::testing
