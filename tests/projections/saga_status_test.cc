#include "projections/saga_status/saga_status.h"

#include <gtest/gtest.h>

#include "tests/projections/folded.h"
#include "tests/support/proto_text.h"

namespace ordersaga::projections::testing {
namespace {

using saga_status::Saga;
using tests::proto;
namespace saga = ordersaga::saga::v1;

const std::string kStream = "saga-place_order-o1";

saga::SagaAdvanced advanced(const std::string& transitions) {
  return proto<saga::SagaAdvanced>("definition_version: 3 " + transitions);
}

// A record's transitions, and where the saga is after it.
struct Then {
  const char* transitions;
  const char* state;
  const char* step;
  int attempts;
  bool wakes;
  const char* code;
};

TEST(SagaStatus, follows_a_saga_that_is_undone) {
  const Then life[] = {
      {"transitions { kind: TRANSITION_KIND_STARTED } "
       "transitions { kind: TRANSITION_KIND_STEP_STARTED step: 2 attempt: 1 step_name: 'AuthorizePayment' wake_after_micros: 9 }",
       "RUNNING", "AuthorizePayment", 1, true, ""},
      {"transitions { kind: TRANSITION_KIND_STEP_UNKNOWN step: 2 attempt: 1 step_name: 'AuthorizePayment' code: 'TIMEOUT' "
       "wake_after_micros: 10 }",
       "RUNNING", "AuthorizePayment", 1, true, "TIMEOUT"},
      {"transitions { kind: TRANSITION_KIND_STEP_RETRIED step: 2 attempt: 2 step_name: 'AuthorizePayment' code: 'UNAVAILABLE' "
       "wake_after_micros: 11 }",
       "RUNNING", "AuthorizePayment", 2, true, "UNAVAILABLE"},
      {"transitions { kind: TRANSITION_KIND_STEP_FAILED step: 2 attempt: 2 step_name: 'AuthorizePayment' code: 'PAYMENT_DECLINED' message: "
       "'no' } "
       "transitions { kind: TRANSITION_KIND_COMPENSATING code: 'PAYMENT_DECLINED' message: 'no' } "
       "transitions { kind: TRANSITION_KIND_COMPENSATION_STARTED step: 1 attempt: 1 step_name: 'ReserveStock' wake_after_micros: 12 }",
       "COMPENSATING", "ReserveStock", 1, true, "PAYMENT_DECLINED"},
      {"transitions { kind: TRANSITION_KIND_COMPENSATION_FAILED step: 1 attempt: 4 step_name: 'ReserveStock' code: 'STORE_UNAVAILABLE' }",
       "COMPENSATION_FAILED", "ReserveStock", 4, false, "STORE_UNAVAILABLE"},
      {"transitions { kind: TRANSITION_KIND_STEP_COMPENSATED step: 1 attempt: 5 step_name: 'ReserveStock' } transitions { kind: "
       "TRANSITION_KIND_FAILED }",
       "FAILED", "ReserveStock", 5, false, "STORE_UNAVAILABLE"},
  };
  History history;
  Folded folded(history);
  std::int32_t version = 0;
  for (const Then& then : life) {
    auto recorded = history.record(kStream, advanced(then.transitions));
    ASSERT_EQ(folded.catch_up(), 0u);
    SCOPED_TRACE("version " + std::to_string(++version));
    auto row = folded.row<Saga>(std::string("o1"), std::string("place_order"));
    ASSERT_TRUE(row);
    EXPECT_EQ(row->state, then.state);
    EXPECT_EQ(row->current_step, then.step);
    EXPECT_EQ(row->attempts, then.attempts);
    EXPECT_EQ(row->next_wakeup_at.has_value(), then.wakes);
    if (then.wakes) {
      EXPECT_EQ(*row->next_wakeup_at, recorded.recorded_at + std::chrono::microseconds(8 + version));
    }
    EXPECT_EQ(row->code, then.code);
    EXPECT_EQ(row->version, Version(version));
    EXPECT_EQ(row->updated_at, recorded.recorded_at);
  }
  auto row = folded.row<Saga>(std::string("o1"), std::string("place_order"));
  EXPECT_EQ(row->type, "place_order");
  EXPECT_EQ(row->definition_version, 3);
  EXPECT_EQ(row->order_id, "o1");
  EXPECT_EQ(row->ended_at, row->updated_at);
}

TEST(SagaStatus, a_step_that_succeeds_after_all_leaves_no_trouble_behind) {
  History history;
  history.record(kStream,
                 advanced("transitions { kind: TRANSITION_KIND_STARTED } "
                          "transitions { kind: TRANSITION_KIND_STEP_RETRIED step: 1 attempt: 2 code: 'UNAVAILABLE' message: 'm' }"));
  history.record(kStream, advanced("transitions { kind: TRANSITION_KIND_STEP_SUCCEEDED step: 1 attempt: 2 step_name: 'S' } "
                                   "transitions { kind: TRANSITION_KIND_PIVOT_PASSED } transitions { kind: TRANSITION_KIND_COMPLETED }"));
  Folded folded(history);
  folded.catch_up();
  auto row = folded.row<Saga>(std::string("o1"), std::string("place_order"));
  EXPECT_EQ(row->state, "COMPLETED");
  EXPECT_EQ(row->code, "");
  EXPECT_EQ(row->message, "");
  EXPECT_TRUE(row->pivot_passed);
}

TEST(SagaStatus, a_record_that_does_not_follow_the_last_one_is_parked) {
  History history;
  history.record(kStream, advanced("transitions { kind: TRANSITION_KIND_STARTED }"));
  Folded folded(history);
  folded.catch_up();
  // As if version 1 had never been applied.
  folded.tables().rows["saga_status"].clear();
  history.record(kStream, advanced("transitions { kind: TRANSITION_KIND_COMPLETED }"));
  EXPECT_EQ(folded.catch_up(), 1u);
  EXPECT_EQ(folded.rows<ParkedMessage>().at(0).code, "BROKEN_HISTORY");
}

}  // namespace
}  // namespace ordersaga::projections::testing
