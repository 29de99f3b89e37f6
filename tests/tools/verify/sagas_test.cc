// I8.
#include <gtest/gtest.h>

#include "ordersaga/saga/v1/saga.pb.h"
#include "tests/tools/verify/history.h"

namespace ordersaga::verify::test {
namespace {

using Ids = std::vector<std::string>;

TEST(NextStep, FindsALiveSagaThatNothingWillWake) {
  History history = good_history();
  history.wakeups_of("d").clear();
  std::vector<Finding> findings = history.judge();
  EXPECT_EQ(broken(findings), Ids{"I8"});
  EXPECT_EQ(findings[0].subject, "saga-place_order-d");
}

TEST(NextStep, FindsAWakeUpOfASagaThatEnded) {
  History history = good_history();
  history.wakeups_of("a").push_back({"saga-place_order-a", false});
  EXPECT_EQ(broken(history.judge()), Ids{"I8"});
}

TEST(NextStep, FindsAWakeUpOfNoSaga) {
  History history = good_history();
  history.wakeups_of("a").push_back({"saga-place_order-nobody", false});
  EXPECT_EQ(broken(history.judge()), Ids{"I8"});
}

TEST(NextStep, FindsAnOutstandingCallThatNobodyWouldSendAgain) {
  History history = good_history();
  history.wakeups_of("d").at(0).effect_outstanding = false;
  EXPECT_EQ(broken(history.judge()), Ids{"I8"});
}

TEST(NextStep, AcceptsAParkedSagaWithoutAWakeUp) {
  History history = good_history();
  saga::v1::SagaAdvanced parked;
  parked.add_transitions()->set_kind(saga::v1::TRANSITION_KIND_PARKED);
  history.append("saga-place_order-d", parked);
  history.wakeups_of("d").clear();
  history.publish_all();
  history.project_all();
  EXPECT_EQ(broken(history.judge()), Ids{});
}

}  // namespace
}  // namespace ordersaga::verify::test
