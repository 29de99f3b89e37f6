// I8, I9, I10.
#include <gtest/gtest.h>

#include "ordersaga/saga/v1/saga.pb.h"
#include "tests/tools/verify/history.h"
#include "tools/verify/overdue.h"

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

const std::string kSaga = "saga-place_order-d";

// The saga's next record, caused by its timer or by its call's answer; it sets a timer, or none.
void move(History& history, bool by_timer, Timestamp at, std::optional<Timestamp> next) {
  saga::v1::SagaAdvanced advanced;
  saga::v1::SagaTransition* transition = advanced.add_transitions();
  transition->set_kind(next ? saga::v1::TRANSITION_KIND_STEP_RETRIED : saga::v1::TRANSITION_KIND_STEP_SUCCEEDED);
  if (next) transition->set_wake_after_micros((*next - at).count());
  events::RecordedEvent& record = history.append(kSaga, advanced);
  record.recorded_at = at;
  if (!by_timer) return;
  log::v1::RecordMetadata metadata;
  metadata.mutable_causation()->set_text("timer:" + kSaga);
  record.metadata = metadata.SerializeAsString();
}

std::vector<Finding> judge_timers(History& history) {
  std::vector<Finding> findings = check({.log = &history, .tables = &history}, {Group::sagas}).findings.kept();
  std::erase_if(findings, [](const Finding& f) { return f.invariant == "I8"; });
  return findings;
}

constexpr Timestamp kNow{std::chrono::seconds(1'800'000'000)};
constexpr Duration kSecond = std::chrono::seconds(1);

TEST(Timers, MayFireWhenTheyAreDueAndBeSetAgain) {
  History history = good_history();
  move(history, false, kNow, kNow + kSecond);
  move(history, true, kNow + kSecond, kNow + 3 * kSecond);
  move(history, true, kNow + 4 * kSecond, std::nullopt);
  EXPECT_EQ(broken(judge_timers(history)), Ids{});
}

TEST(Timers, MayMoveTheirSagaTwiceInOneMoment) {
  History history = good_history();
  move(history, false, kNow, kNow + kSecond);
  move(history, true, kNow + kSecond, kNow + 3 * kSecond);
  move(history, true, kNow + kSecond, std::nullopt);
  EXPECT_EQ(broken(judge_timers(history)), Ids{});
}

TEST(Timers, AreFoundToFireTwice) {
  History history = good_history();
  move(history, false, kNow, kNow + kSecond);
  move(history, true, kNow + kSecond, std::nullopt);
  move(history, true, kNow + 2 * kSecond, std::nullopt);
  std::vector<Finding> findings = judge_timers(history);
  EXPECT_EQ(broken(findings), Ids{"I10"});
  EXPECT_EQ(findings.at(0).subject, kSaga);
}

TEST(Timers, AreFoundToFireAfterTheyWereCancelled) {
  History history = good_history();
  move(history, false, kNow, kNow + kSecond);
  move(history, false, kNow, std::nullopt);
  move(history, true, kNow + kSecond, std::nullopt);
  EXPECT_EQ(broken(judge_timers(history)), Ids{"I10"});
}

TEST(Timers, AreFoundToFireAfterTheyWereMoved) {
  History history = good_history();
  move(history, false, kNow, kNow + kSecond);
  move(history, false, kNow, kNow + 60 * kSecond);
  move(history, true, kNow + kSecond, std::nullopt);
  std::vector<Finding> findings = judge_timers(history);
  EXPECT_EQ(broken(findings), Ids{"I10"});
  EXPECT_EQ(findings.at(0).found, "59.000000 s too early: it had fired before, or was moved");
}

TEST(Overdue, FindsAWakeUpThatNobodyHeeds) {
  History history = good_history();
  history.snapshots[history.index("d")].now = kNow;
  history.wakeups_of("d").at(0).due_at = kNow - OverdueChecker::kGrace;
  EXPECT_EQ(broken(judge_timers(history)), Ids{});
  history.wakeups_of("d").at(0).due_at -= kSecond;
  std::vector<Finding> findings = judge_timers(history);
  EXPECT_EQ(broken(findings), Ids{"I9"});
  EXPECT_EQ(findings.at(0).subject, kSaga);
}

TEST(Overdue, FindsAWakeUpThatIsLaterThanItsSagaWants) {
  History history = good_history();
  move(history, false, kNow, kNow + kSecond);
  history.wakeups_of("d").at(0).due_at = kNow + kSecond;
  EXPECT_EQ(broken(judge_timers(history)), Ids{});
  history.wakeups_of("d").at(0).due_at = kNow + 2 * kSecond;
  EXPECT_EQ(broken(judge_timers(history)), Ids{"I9"});
}

}  // namespace
}  // namespace ordersaga::verify::test
