// What the orchestrator counts, as /metrics shows it, is moved by its cause: through the dispatcher and a lane, over a log in
// memory.
#include "daemon/orchestrator_metrics.h"

#include <sstream>

#include "ordersaga/saga/v1/operator.pb.h"
#include "tests/consumers/dispatcher_fixture.h"

namespace ordersaga::consumers {
namespace {

class OrchestratorMetrics : public Dispatcher {
 protected:
  void begin_exported(OrchestratorSettings settings = {}) {
    receive("SKU-1", 100);
    begin(std::move(settings));
    exported_.emplace(metrics_, *orchestrator_, effects_);
    run(5);
  }
  // -1 when there is no such sample.
  double sample(const std::string& series) {
    std::istringstream lines(metrics_.text());
    const std::string wanted = "ordersaga_" + series + " ";
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(wanted)) return std::stod(line.substr(wanted.size()));
    return -1;
  }
  void order(const std::string& id, int quantity = 2) { send(message(id, place(id, quantity), "place-" + id)); }
  static bool concerns(const events::TurnWrite& write, std::string_view stream) {
    return std::ranges::any_of(write.records, [&](const events::NewRecord& r) { return r.stream == stream; });
  }

  runtime::Metrics metrics_;
  std::optional<daemon::OrchestratorMetrics> exported_;
};

TEST_F(OrchestratorMetrics, follow_commands_and_calls) {
  begin_exported();
  const double turns = sample("turns_total"), inputs = sample("turn_inputs_total");
  EXPECT_EQ(sample("commands_total"), 0);
  order("o1");
  order("large", 1'000);  // more than there is: that is its saga's affair, no rule's
  send(message("o1", pack("o1"), "pack-o1"));
  run(5);
  EXPECT_EQ(sample("commands_total"), 3);
  EXPECT_EQ(sample("commands_rejected_total"), 1) << "what is not booked cannot be packed";
  EXPECT_GT(sample("turns_total"), turns);
  EXPECT_GE(sample("turn_inputs_total"), inputs + 3);
  EXPECT_GT(sample("events_appended_total"), 3);
  EXPECT_EQ(sample("effects_started_total"), 1);
  EXPECT_EQ(sample("effects_in_flight"), 1);
  EXPECT_EQ(sample("effects_finished_total"), 0);
  effects_.answer(effects_.calls.at(0), saga_v1::EFFECT_OUTCOME_FAILED, "PAYMENT_DECLINED");
  run(5);
  EXPECT_EQ(sample("effects_in_flight"), 0);
  EXPECT_EQ(sample("effects_finished_total"), 1);
}

TEST_F(OrchestratorMetrics, tell_repetitions_misplaced_and_late_commands_apart) {
  begin_exported();
  ConsumedMessage first = message("o1", place("o1"), "place-o1");
  send(first);
  run(5);
  EXPECT_EQ(sample(R"(inbox_duplicates_total{group="ordersaga-orchestrator"})"), 0);
  send(first);  // the broker delivers it again: that gets no second answer
  run(5);
  EXPECT_EQ(sample(R"(inbox_duplicates_total{group="ordersaga-orchestrator"})"), 1);
  EXPECT_EQ(sample("replies_replayed_total"), 0);
  send(again(first));  // its client sends it again
  run(5);
  EXPECT_EQ(sample(R"(inbox_duplicates_total{group="ordersaga-orchestrator"})"), 2);
  EXPECT_EQ(sample("replies_replayed_total"), 1);

  ConsumedMessage misplaced = message("o2", place("o2"), "place-o2");
  misplaced.partition = (misplaced.partition + 1) % kShards;
  misplaced.offset = next_offset_[misplaced.partition]++;
  EXPECT_EQ(sample("commands_forwarded_total"), 0);
  send(misplaced);
  run(5);
  EXPECT_EQ(sample("commands_forwarded_total"), 1);

  ConsumedMessage old = message("o3", place("o3"), "place-o3");
  const Timestamp since = events::MemoryEventStore(log_).begin(std::vector{Shard(0)})->inbox_since();
  old.timestamp = std::chrono::floor<std::chrono::milliseconds>(since - 1ms);
  EXPECT_EQ(sample("commands_too_old_total"), 0);
  send(old);
  run(5);
  EXPECT_EQ(sample("commands_too_old_total"), 1);
  EXPECT_EQ(sample("commands_total"), 1);
}

TEST_F(OrchestratorMetrics, show_what_waits_while_the_store_does_not_let_it_through) {
  begin_exported();
  const double retries = sample("store_retries_total");
  before_begin_ = [&](std::span<const Shard>) { throw events::StoreUnavailable("busy"); };
  for (int i = 0; i < 7; ++i) order("o" + std::to_string(i));
  run(3);
  EXPECT_EQ(sample("command_backlog"), 7);
  EXPECT_GT(sample("store_retries_total"), retries);
  before_begin_ = nullptr;
  run(5);
  EXPECT_EQ(sample("command_backlog"), 0);
  EXPECT_EQ(sample("commands_total"), 7);
}

TEST_F(OrchestratorMetrics, show_that_the_clocks_are_apart_until_they_agree_again) {
  begin_exported();
  EXPECT_EQ(sample("clocks_apart"), 0);
  store_ahead_ = settings_.max_clock_skew + 1s;
  order("o1");
  run(5);
  EXPECT_EQ(sample("clocks_apart"), 1);
  const double fired = sample("timers_fired_total");
  clock_.advance(5min);  // far beyond the time that the authorization may take
  run(5);
  EXPECT_EQ(sample("timers_fired_total"), fired);
  store_ahead_ = 0s;
  clock_.advance(1s);
  run(5);
  EXPECT_EQ(sample("clocks_apart"), 0);
  EXPECT_GT(sample("timers_fired_total"), fired);
}

TEST_F(OrchestratorMetrics, count_turns_that_lost_their_stock_and_commits_in_doubt) {
  begin_exported();
  auto other = start();
  other->run();
  const std::string mine = id_in(0), theirs = id_in(1);
  before_write_ = [&, first = true](const events::TurnWrite& write) mutable {
    if (!concerns(write, "order-" + mine) || !std::exchange(first, false)) return;
    other->lane.offer(message(theirs, place(theirs, 60), "place-" + theirs));
    other->run();
  };
  EXPECT_EQ(sample("stock_reruns_total"), 0);
  order(mine, 60);
  run(5);
  EXPECT_EQ(sample("stock_reruns_total"), 1);

  at_commit_ = [first = true](const events::TurnWrite&) mutable {
    return std::exchange(first, false) ? events::CommitFate::unheard : events::CommitFate::done;
  };
  EXPECT_EQ(sample("commits_in_doubt_total"), 0);
  order("o1");
  run(5);
  EXPECT_EQ(sample("commits_in_doubt_total"), 1);
  EXPECT_EQ(count("OrderPlaced", "order-o1"), 1);
}

TEST_F(OrchestratorMetrics, show_inputs_that_broke_their_turn_until_an_operator_has_looked) {
  begin_exported();
  bool broken = true;
  before_write_ = [&](const events::TurnWrite& write) {
    if (broken && concerns(write, "payment-o1.1") && !effects_.calls.empty()) throw events::BadData("a column does not like it");
  };
  order("o1");
  run(5);
  ASSERT_EQ(effects_.calls.size(), 1U);
  EXPECT_EQ(sample("inputs_parked_total"), 0);
  effects_.succeed();
  run(10);
  EXPECT_EQ(sample("inputs_parked_total"), 1);
  clock_.advance(11s);  // it is looked at every ten seconds
  run(2);
  EXPECT_EQ(sample("parked_inputs"), 1);

  const auto parked = events::MemoryEventStore(log_).parked_inputs(std::vector{shard_of("o1", kShards)});
  ASSERT_EQ(parked.size(), 1U);
  broken = false;
  saga_v1::RetryParkedInput retry;
  retry.set_order_id("o1");
  retry.set_parked_id(parked[0].id);
  retry.set_reason("mended");
  EXPECT_EQ(sample("operators_commands_total"), 0);
  log_.submit({0, shard_of("o1", kShards), "o1", "by-hand", retry.GetDescriptor()->full_name(), std::string(headers::kProtobuf), "alice",
               retry.SerializeAsString()});
  clock_.advance(11s);
  run(5);
  EXPECT_EQ(sample("operators_commands_total"), 1);
  clock_.advance(11s);
  run(2);
  EXPECT_EQ(sample("parked_inputs"), 0);
  EXPECT_EQ(sample("inputs_parked_total"), 1);
}

}  // namespace
}  // namespace ordersaga::consumers
