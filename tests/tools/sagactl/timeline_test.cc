#include "tools/sagactl/timeline.h"

#include <gtest/gtest.h>

#include "tools/sagactl/time_format.h"

namespace ordersaga::sagactl {
namespace {

using namespace std::chrono_literals;
namespace v1 = ordersaga::saga::v1;

const Timestamp kStart = *parse_iso("2026-11-21T07:40:02.114Z");

// Builds a saga's records turn by turn.
class Saga {
 public:
  Saga& turn(Duration after) {
    records_.push_back({"saga-place_order-o-1", kStart + after, {}});
    if (records_.size() == 1) {
      records_[0].advanced.mutable_origin()->set_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    }
    return *this;
  }
  Saga& does(v1::TransitionKind kind, const std::string& step = "", int attempt = 0, const std::string& code = "",
             const std::string& message = "", std::optional<Duration> wake = std::nullopt) {
    auto* t = records_.back().advanced.add_transitions();
    t->set_kind(kind);
    t->set_step_name(step);
    t->set_attempt(attempt);
    t->set_code(code);
    t->set_message(message);
    if (wake) t->set_wake_after_micros((kStart + *wake - records_.back().at).count());
    return *this;
  }
  const std::vector<SagaRecord>& records() const { return records_; }

 private:
  std::vector<SagaRecord> records_;
};

std::string drawn(const Saga& saga, Duration now = 1h, const std::optional<OrderFacts>& facts = std::nullopt) {
  std::string text;
  for (const std::string& line :
       draw("place_order-o-1", activities(saga.records()), facts, {.width = 100, .now = kStart + now, .order_number = "ORD-10004211"}))
    text += line + "\n";
  return text;
}

Saga begun() {
  Saga saga;
  saga.turn(0ms)
      .does(v1::TRANSITION_KIND_STARTED)
      .does(v1::TRANSITION_KIND_STEP_SUCCEEDED, "ReserveStock", 1)
      .does(v1::TRANSITION_KIND_STEP_STARTED, "AuthorizePayment", 1, "", "", 15s);
  return saga;
}

TEST(Timeline, OfASagaThatCompleted) {
  Saga saga = begun();
  saga.turn(100ms)
      .does(v1::TRANSITION_KIND_STEP_SUCCEEDED, "AuthorizePayment", 1)
      .does(v1::TRANSITION_KIND_STEP_SKIPPED, "ScreenOrder")
      .does(v1::TRANSITION_KIND_STEP_SUCCEEDED, "ConfirmOrder", 1)
      .does(v1::TRANSITION_KIND_PIVOT_PASSED, "ConfirmOrder")
      .does(v1::TRANSITION_KIND_COMPLETED);
  OrderFacts facts{.currency = "EUR", .authorized = 1234, .reserved = 4};
  EXPECT_EQ(drawn(saga, 1h, facts),
            "place_order-o-1 · ORD-10004211 · started 2026-11-21T07:40:02.114Z · trace 4bf92f3577b34da6a3ce929d0e0e4736 · COMPLETED in "
            "100ms\n"
            "                      0          25ms       50ms       75ms         ── forward  ══ undoing  ◆ pivot  ⏱ timer\n"
            "  ├─ ReserveStock     ✓                                             0ms\n"
            "  ├─ AuthorizePayment ───────────────────────────────────────────✓  100ms\n"
            "  ├─ ScreenOrder                                                 –  does not apply\n"
            "  └─ ConfirmOrder                                                ◆  0ms\n"
            "money: authorized 12.34 EUR, captured 0.00 EUR, refunded 0.00 EUR   stock: reserved 4, released 0, shipped 0, 4 open\n");
}

TEST(Timeline, OfASagaThatWasUndone) {
  Saga saga = begun();
  saga.turn(500ms).does(v1::TRANSITION_KIND_STEP_RETRIED, "AuthorizePayment", 1, "DEPENDENCY_UNAVAILABLE", "refused", 700ms);
  saga.turn(700ms).does(v1::TRANSITION_KIND_STEP_STARTED, "AuthorizePayment", 2, "", "", 16s);
  saga.turn(1s)
      .does(v1::TRANSITION_KIND_STEP_FAILED, "AuthorizePayment", 2, "PAYMENT_DECLINED", "insufficient_funds")
      .does(v1::TRANSITION_KIND_COMPENSATING, "", 0, "PAYMENT_DECLINED", "insufficient_funds")
      .does(v1::TRANSITION_KIND_COMPENSATION_STARTED, "ReserveStock", 1)
      .does(v1::TRANSITION_KIND_STEP_COMPENSATED, "ReserveStock", 1);
  saga.turn(2s).does(v1::TRANSITION_KIND_FAILED);
  std::string text = drawn(saga);
  EXPECT_NE(text.find("FAILED in 2.0s · PAYMENT_DECLINED insufficient_funds"), std::string::npos) << text;
  EXPECT_NE(text.find("✗                       1.0s  ×2  PAYMENT_DECLINED insufficient_funds"), std::string::npos) << text;
  EXPECT_NE(text.find("└─ undo ReserveStock"), std::string::npos) << text;
}

TEST(Timeline, OfASagaThatWaitsToRetryItsUndoing) {
  Saga saga = begun();
  saga.turn(1s)
      .does(v1::TRANSITION_KIND_STEP_FAILED, "AuthorizePayment", 1, "PAYMENT_DECLINED")
      .does(v1::TRANSITION_KIND_COMPENSATING, "", 0, "PAYMENT_DECLINED")
      .does(v1::TRANSITION_KIND_COMPENSATION_STARTED, "ReserveStock", 1);
  saga.turn(2s).does(v1::TRANSITION_KIND_COMPENSATION_RETRIED, "ReserveStock", 3, "STORE_UNAVAILABLE", "", 10s);
  std::string text = drawn(saga, 4s);
  EXPECT_NE(text.find("· COMPENSATING"), std::string::npos) << text;
  EXPECT_NE(text.find("═⟳  waiting  ×3  STORE_UNAVAILABLE  ⏱ in 6.0s"), std::string::npos) << text;
}

TEST(Timeline, OfACallWhoseOutcomeIsUnknown) {
  Saga saga = begun();
  saga.turn(15s).does(v1::TRANSITION_KIND_STEP_UNKNOWN, "AuthorizePayment", 1, "PAYMENT_OUTCOME_UNKNOWN", "", 16s);
  saga.turn(16s).does(v1::TRANSITION_KIND_STEP_QUERIED, "AuthorizePayment", 1, "", "", 20s);
  std::string text = drawn(saga, 17s);
  EXPECT_NE(text.find("─?  no answer yet  asked 1×  PAYMENT_OUTCOME_UNKNOWN  ⏱ in 3.0s"), std::string::npos) << text;
}

TEST(Timeline, OfASagaThatIsParked) {
  Saga saga = begun();
  saga.turn(1s).does(v1::TRANSITION_KIND_PARKED, "", 0, "PAYMENT_OUTCOME_UNKNOWN", "nobody knows");
  sagactl::Run run = activities(saga.records());
  EXPECT_EQ(run.state, "PARKED");
  EXPECT_EQ(run.activities.back().status, ActivityStatus::stuck);
  EXPECT_FALSE(run.activities.back().wake_at);
  EXPECT_NE(drawn(saga).find("PARKED · PAYMENT_OUTCOME_UNKNOWN nobody knows"), std::string::npos);
}

TEST(Timeline, FitsANarrowTerminal) {
  for (const std::string& line :
       draw("s", activities(begun().records()), std::nullopt, {.width = 10, .now = kStart + 1s, .order_number = ""}))
    EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Timeline, OfASagaThatTookNoTimeHasAScale) {
  Saga saga = begun();
  EXPECT_NO_THROW(drawn(saga, 0ms));
}

}  // namespace
}  // namespace ordersaga::sagactl
