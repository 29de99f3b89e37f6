#include "runtime/metrics.h"

#include <gtest/gtest.h>

namespace ordersaga::runtime {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, AreExposedAsTextUnderOnePrefix) {
  Metrics metrics;
  metrics.counter("orders_placed_total", "Orders placed.").Increment(3);
  metrics.gauge("saga_stuck", "Sagas that wait for an operator.").Set(2);
  metrics.histogram("turn_duration_seconds", "Duration of turns.", {0.1, 1}).Observe(0.5);
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, "# TYPE ordersaga_orders_placed_total counter")) << text;
  EXPECT_TRUE(has_line(text, "ordersaga_orders_placed_total 3")) << text;
  EXPECT_TRUE(has_line(text, "ordersaga_saga_stuck 2")) << text;
  EXPECT_TRUE(has_line(text, "ordersaga_turn_duration_seconds_bucket{le=\"0.1\"} 0")) << text;
  EXPECT_TRUE(has_line(text, "ordersaga_turn_duration_seconds_bucket{le=\"1\"} 1")) << text;
  EXPECT_NE(text.find("ordersaga_build_info{version=\""), std::string::npos) << text;
}

TEST(Metrics, OfOneNameAndLabelsAreOne) {
  Metrics metrics;
  metrics.counter("cancelled_total", "Cancelled.", {{"reason", "customer"}}).Increment();
  metrics.counter("cancelled_total", "Cancelled.", {{"reason", "customer"}}).Increment();
  metrics.counter("cancelled_total", "Cancelled.", {{"reason", "fraud"}}).Increment();
  EXPECT_TRUE(has_line(metrics.text(), "ordersaga_cancelled_total{reason=\"customer\"} 2"));
  EXPECT_TRUE(has_line(metrics.text(), "ordersaga_cancelled_total{reason=\"fraud\"} 1"));
}

TEST(Metrics, CountLabelsBeyondTheBoundTogether) {
  Metrics metrics;
  for (std::size_t i = 0; i < Metrics::kMaxSeries + 5; ++i) metrics.counter("seen_total", "Seen.", {{"id", std::to_string(i)}}).Increment();
  EXPECT_TRUE(has_line(metrics.text(), "ordersaga_seen_total{id=\"0\"} 1"));
  EXPECT_TRUE(has_line(metrics.text(), "ordersaga_seen_total{id=\"other\"} 5"));
  EXPECT_FALSE(has_line(metrics.text(), "ordersaga_seen_total{id=\"" + std::to_string(Metrics::kMaxSeries) + "\"} 1"));
}

TEST(Metrics, AreCollectedBeforeEachExpositionAndWhenTheCollectionEnds) {
  Metrics metrics;
  CounterMirror mirror(metrics.counter("turns_total", "Turns."));
  std::uint64_t turns = 0;
  {
    const Metrics::Collection collection(metrics, [&] { mirror.set(turns); });
    turns = 3;
    EXPECT_TRUE(has_line(metrics.text(), "ordersaga_turns_total 3"));
    turns = 5;
  }
  EXPECT_TRUE(has_line(metrics.text(), "ordersaga_turns_total 5"));
  turns = 7;
  EXPECT_TRUE(has_line(metrics.text(), "ordersaga_turns_total 5"));
}

TEST(Metrics, OfASecondLifeGoOnWhereTheFirstEnded) {
  Metrics metrics;
  for (int life = 0; life < 2; ++life) CounterMirror(metrics.counter("turns_total", "Turns.")).set(4);
  EXPECT_TRUE(has_line(metrics.text(), "ordersaga_turns_total 8"));
}

}  // namespace
}  // namespace ordersaga::runtime
