// Each metric of a turn is moved by what it counts: through the lane, over a log in memory.
#include <map>
#include <sstream>
#include <string>

#include "tests/consumers/lane_fixture.h"

namespace ordersaga::consumers {
namespace {

class TurnMetricsOfALane : public LaneFixture {
 protected:
  // A sample as /metrics shows it, "name{label="value"}"; 0 when it is not there.
  double sample(const std::string& series) {
    std::istringstream lines(a_->metrics.text());
    const std::string wanted = "ordersaga_" + series + " ";
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(wanted)) return std::stod(line.substr(wanted.size()));
    return 0;
  }
};

TEST_F(TurnMetricsOfALane, follow_an_order_to_its_end) {
  receive("SKU-1", 10);
  placed("o1");
  EXPECT_EQ(sample("orders_placed_total"), 1);
  EXPECT_EQ(sample("orders_confirmed_total"), 0);
  a_->effects.succeed();
  a_->run();
  EXPECT_EQ(sample("orders_confirmed_total"), 1);
  const auto order = events_of<order::v1::OrderPlaced>("order-o1");
  ASSERT_EQ(order.size(), 1U);
  EXPECT_EQ(sample(R"(order_value_minor_total{currency="EUR"})"), static_cast<double>(order[0].totals().total_minor()));
  EXPECT_EQ(sample("orders_fulfilled_total"), 0);
  to_the_end(*a_, "o1");
  EXPECT_EQ(sample("orders_fulfilled_total"), 1);
  EXPECT_EQ(sample("orders_placed_total"), 1);
}

TEST_F(TurnMetricsOfALane, name_the_reason_of_a_rejection_and_what_was_undone) {
  receive("SKU-1", 10);
  placed("o1");
  a_->effects.answer(a_->effects.calls.at(0), saga_v1::EFFECT_OUTCOME_FAILED, "PAYMENT_DECLINED");
  a_->run();
  EXPECT_EQ(sample(R"(orders_rejected_total{reason="PAYMENT_DECLINED"})"), 1);
  EXPECT_EQ(sample(R"(saga_compensations_total{reason="PAYMENT_DECLINED",saga="place_order",step="ReserveStock"})"), 1);
  EXPECT_EQ(sample(R"(saga_step_duration_seconds_count{outcome="failed",saga="place_order",step="AuthorizePayment"})"), 1);
  a_->lane.offer(message("o2", place("o2", 11), "place-o2"));
  a_->run();
  EXPECT_EQ(sample(R"(orders_rejected_total{reason="INVENTORY_UNAVAILABLE"})"), 1);
  EXPECT_EQ(sample("orders_confirmed_total"), 0);
}

TEST_F(TurnMetricsOfALane, count_a_reservation_that_ran_out_before_its_order_was_confirmed) {
  receive("SKU-1", 10);
  placed("o1");
  placed("o2");
  a_->effects.answer(a_->effects.calls.at(0), saga_v1::EFFECT_OUTCOME_SUCCEEDED);
  a_->run();
  EXPECT_EQ(sample("reservations_expired_total"), 0);
  a_->effects.answer(a_->effects.calls.at(1), saga_v1::EFFECT_OUTCOME_SUCCEEDED);
  clock_.advance(16min);  // as if the process had stood still, or its database had been away, before it took the answer
  for (int i = 0; i < 4; ++i, a_->run()) a_->effects.succeed();
  EXPECT_EQ(sample("reservations_expired_total"), 1);
  EXPECT_EQ(sample("orders_confirmed_total"), 1);
  EXPECT_EQ(sample(R"(orders_rejected_total{reason="RESERVATION_EXPIRED"})"), 1);
  EXPECT_EQ(level("SKU-1"), std::pair(std::int64_t{8}, std::int64_t{2})) << "what o2 held is given back";
}

TEST_F(TurnMetricsOfALane, count_a_code_that_is_not_of_the_list_as_other) {
  receive("SKU-1", 10);
  placed("o1");
  a_->effects.answer(a_->effects.calls.at(0), saga_v1::EFFECT_OUTCOME_FAILED, "made-up by a gateway");
  a_->run();
  EXPECT_EQ(sample(R"(orders_rejected_total{reason="OTHER"})"), 1);
}

TEST_F(TurnMetricsOfALane, count_a_confirmed_order_that_cannot_be_shipped_as_cancelled) {
  receive("SKU-1", 10);
  placed("o1");
  a_->effects.succeed();
  a_->run();
  ASSERT_EQ(a_->effects.calls.size(), 2U);
  a_->effects.answer(a_->effects.calls.at(1), saga_v1::EFFECT_OUTCOME_FAILED, "INVALID_ARGUMENT");
  for (int i = 0; i < 4; ++i, a_->run()) a_->effects.succeed();
  EXPECT_EQ(count("OrderCancelled"), 1);
  EXPECT_EQ(sample(R"(orders_cancelled_total{reason="INVALID_ARGUMENT"})"), 1);
}

TEST_F(TurnMetricsOfALane, measure_a_step_from_its_first_try_to_its_outcome) {
  receive("SKU-1", 10);
  placed("o1");
  clock_.advance(3s);
  a_->effects.succeed();
  a_->run();
  const std::string authorize = R"({outcome="succeeded",saga="place_order",step="AuthorizePayment"})";
  EXPECT_EQ(sample("saga_step_duration_seconds_count" + authorize), 1);
  EXPECT_EQ(sample("saga_step_duration_seconds_sum" + authorize), 3);
  // What is decided in the turn itself takes no time.
  EXPECT_EQ(a_->metrics.text().find("saga_step_duration_seconds_count{outcome=\"succeeded\",saga=\"place_order\",step=\"ReserveStock\""),
            std::string::npos);
}

TEST_F(TurnMetricsOfALane, do_not_measure_a_step_that_another_process_began) {
  receive("SKU-1", 10);
  placed("o1");
  auto second = start();
  second->run();
  clock_.advance(3s);
  second->effects.succeed();
  second->run();
  a_ = std::move(second);
  EXPECT_EQ(sample("orders_confirmed_total"), 1);
  EXPECT_EQ(sample(R"(saga_step_duration_seconds_count{outcome="succeeded",saga="place_order",step="AuthorizePayment"})"), 0);
}

TEST_F(TurnMetricsOfALane, measure_a_command_from_kafka_to_its_commit) {
  receive("SKU-1", 10);
  const ConsumedMessage command = message("o1", place("o1"), "place-o1");
  clock_.advance(2s);
  a_->lane.offer(command);
  a_->lane.offer(message("o2", place("o2", 1, "SKU-UNKNOWN"), "place-o2"));
  a_->run();
  EXPECT_EQ(sample(R"(command_duration_seconds_count{command="PlaceOrder",outcome="accepted"})"), 1);
  EXPECT_EQ(sample(R"(command_duration_seconds_sum{command="PlaceOrder",outcome="accepted"})"), 2);
  EXPECT_EQ(sample(R"(command_duration_seconds_count{command="PlaceOrder",outcome="rejected"})"), 1);
  EXPECT_EQ(sample(R"(command_duration_seconds_count{command="ReceiveStock",outcome="accepted"})"), 1);
  EXPECT_EQ(sample("event_append_duration_seconds_count"), static_cast<double>(a_->lane.counters().turns));
}

TEST_F(TurnMetricsOfALane, give_no_label_to_a_type_that_a_client_made_up) {
  a_->lane.offer(raw("o1", "ordersaga.order.v1.MadeUp", "", "c1"));
  a_->run();
  EXPECT_EQ(a_->metrics.text().find("MadeUp"), std::string::npos);
  EXPECT_EQ(sample(R"(dlq_messages_total{code="INVALID_ARGUMENT",group="ordersaga-orchestrator",topic="ordersaga.commands.v1"})"), 1);
}

TEST_F(TurnMetricsOfALane, count_nothing_of_a_turn_that_was_rolled_back) {
  receive("SKU-1", 10);
  int fails = 1;
  before_write_ = [&](const events::TurnWrite&) {
    if (fails-- > 0) throw events::StoreUnavailable("cut");
  };
  placed("o1");
  EXPECT_EQ(sample("orders_placed_total"), 1);
}

TEST_F(TurnMetricsOfALane, count_dead_letters_by_their_code) {
  ConsumedMessage keyless = message("o1", place("o1"), "place-o1");
  keyless.key.reset();
  a_->lane.offer(keyless);
  a_->run();
  EXPECT_EQ(a_->lane.counters().dead_letters, 1U);
  EXPECT_EQ(sample(R"(dlq_messages_total{code="INVALID_ARGUMENT",group="ordersaga-orchestrator",topic="ordersaga.commands.v1"})"), 1);
}

TEST_F(TurnMetricsOfALane, tell_how_late_a_wake_up_is_found) {
  receive("SKU-1", 10);
  placed("o1");
  clock_.advance(1h);  // far beyond the time-out of the payment's authorization
  a_->run();
  EXPECT_GE(sample("timers_due_late_seconds_count"), 1);
  EXPECT_GT(sample("timers_due_late_seconds_sum"), 3'000);
  EXPECT_LT(sample("timers_due_late_seconds_sum"), 3'600);
}

TEST_F(TurnMetricsOfALane, tell_orders_in_memory_from_those_that_were_loaded) {
  receive("SKU-1", 10);
  placed("o1");
  const double misses = sample(R"(cache_requests_total{cache="orders",result="miss"})");
  EXPECT_GE(misses, 1);
  const double hits = sample(R"(cache_requests_total{cache="orders",result="hit"})");
  a_->effects.succeed();
  a_->run();
  EXPECT_GT(sample(R"(cache_requests_total{cache="orders",result="hit"})"), hits);
  EXPECT_EQ(sample(R"(cache_requests_total{cache="orders",result="miss"})"), misses);
}

TEST_F(TurnMetricsOfALane, count_conflicts_by_the_kind_of_the_stream) {
  a_->turn_metrics.conflicted("payment-o1.1");
  a_->turn_metrics.conflicted("payment-o2.1");
  EXPECT_EQ(sample(R"(event_append_conflicts_total{aggregate="payment"})"), 2);
}

}  // namespace
}  // namespace ordersaga::consumers
