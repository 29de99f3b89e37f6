// I1, I2, I15.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/tools/verify/history.h"

namespace ordersaga::verify::test {
namespace {

using Ids = std::vector<std::string>;

TEST(Verify, FindsNothingInAGoodHistory) {
  std::vector<Finding> findings = good_history().judge();
  for (const Finding& f : findings) ADD_FAILURE() << f.invariant << " " << f.subject << ": " << f.expected << " / " << f.found;
}

TEST(Verify, FindsNothingInAnEmptyLog) {
  EXPECT_TRUE(History().judge().empty());
}

TEST(Verify, NamesWhatItCouldNotCheck) {
  History history = good_history();
  Report report = check({.log = &history, .tables = &history}, {Group::money});
  EXPECT_EQ(report.checked, (std::vector<std::string_view>{"I4"}));
  EXPECT_EQ(report.skipped, (std::vector<std::string_view>{"I5", "I6"}));
}

TEST(Verify, CountsFindingsThatItDoesNotKeep) {
  Findings findings;
  for (std::size_t i = 0; i < Findings::kKept + 5; ++i) findings.add({"I1", std::to_string(i), "", ""});
  findings.add({"I2", "x", "", ""});
  EXPECT_EQ(findings.kept().size(), Findings::kKept + 1);
  EXPECT_EQ(findings.total(), Findings::kKept + 6);
  EXPECT_EQ(findings.counts().at("I1"), Findings::kKept + 5);
}

TEST(Versions, FindAVersionThatIsMissing) {
  History history = good_history();
  for (events::RecordedEvent& r : history.log_of("a"))
    if (r.stream == "order-a" && r.version == Version(2)) r.version = Version(3);
  std::vector<Finding> findings = history.judge();
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].invariant, "I1");
  EXPECT_EQ(findings[0].subject, "order-a");
}

TEST(Versions, FindARecordInAShardThatIsNotItsKeys) {
  History history = good_history();
  std::string other = "x";
  while (history.index(other) == history.index("a")) other += "x";
  history.log_of("a")[3].stream = "order-" + other;
  EXPECT_EQ(broken(history.judge())[0], "I1");
}

TEST(Versions, FindBytesThatAreNotOfTheirType) {
  History history = good_history();
  events::RecordedEvent& record = history.log_of("a")[1];
  record.payload = "\xff\xff\xff";
  EXPECT_EQ(broken(history.judge())[0], "I1");
}

TEST(Positions, FindAHole) {
  History history = good_history();
  auto& log = history.log_of("a");
  log.erase(log.begin() + 4);
  std::vector<Finding> findings = check({.log = &history, .tables = &history}, {Group::log}).findings.kept();
  auto hole = std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return f.invariant == "I15"; });
  ASSERT_NE(hole, findings.end());  // what was lost may show elsewhere too
  EXPECT_EQ(hole->found, "position 6");
}

TEST(Positions, FindTimeThatFalls) {
  History history = good_history();
  history.log_of("a")[2].recorded_at -= std::chrono::hours(1);
  EXPECT_EQ(broken(history.judge()), Ids{"I15"});
}

TEST(Positions, FindALogThatEndsBeforeItsHead) {
  History history = good_history();
  history.snapshots[history.index("a")].head = Position(1'000);
  EXPECT_EQ(broken(history.judge()), (Ids{"I11", "I15"}));
}

TEST(Inputs, FindACommandThatWasDecidedTwice) {
  History history = good_history();
  events::RecordedEvent first = history.log_of("a")[0];
  ordersaga::log::v1::InputRecord input;
  for (const events::RecordedEvent& r : history.log_of("a"))
    if (r.stream.empty() && input.ParseFromString(r.payload) && input.idempotency_key() == "key-a") break;
  history.append_keyed("a", input);
  history.publish_all();
  history.project_all();
  std::vector<Finding> findings = history.judge();
  EXPECT_EQ(broken(findings), Ids{"I2"});
  EXPECT_NE(findings[0].subject.find("key-a"), std::string::npos);
}

TEST(Inputs, AcceptARefusalOfOtherBytesUnderAUsedKey) {
  History history = good_history();
  ordersaga::log::v1::InputRecord input;
  input.set_command_id("other");
  input.set_idempotency_key("key-a");
  input.set_outcome(ordersaga::common::v1::OUTCOME_REJECTED);
  input.mutable_error()->set_code("IDEMPOTENCY_KEY_MISMATCH");
  history.append_keyed("a", input);
  history.publish_all();
  history.project_all();
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Inputs, FindACommandWithoutAnOutcome) {
  History history = good_history();
  ordersaga::log::v1::InputRecord input;
  input.set_command_id("new");
  history.inboxes[history.index("a")].rows.push_back({"a", "new", history.append_keyed("a", input).position});
  history.publish_all();
  history.project_all();
  EXPECT_EQ(broken(history.judge()), Ids{"I2"});
}

TEST(Inputs, FindAnAcceptedCommandThatLedToNothing) {
  History history = good_history();
  ordersaga::log::v1::InputRecord input;
  input.set_command_id("new");
  input.set_outcome(ordersaga::common::v1::OUTCOME_ACCEPTED);
  input.set_stream("order-a");
  input.set_version(99);
  history.inboxes[history.index("a")].rows.push_back({"a", "new", history.append_keyed("a", input).position});
  history.publish_all();
  history.project_all();
  EXPECT_EQ(broken(history.judge()), Ids{"I2"});
}

TEST(Inputs, FindAnInboxRowOfAnotherPosition) {
  History history = good_history();
  history.inboxes[history.index("a")].rows[0].position = Position(7);
  EXPECT_EQ(broken(history.judge()), Ids{"I2"});
}

TEST(Inputs, FindADecidedCommandThatTheInboxForgot) {
  History history = good_history();
  history.inboxes[history.index("a")].rows.clear();
  EXPECT_EQ(broken(history.judge()), Ids{"I2"});
  history.inboxes[history.index("a")].complete_since = Timestamp::max();  // its partition was dropped
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Inputs, FindAnInboxRowWithoutItsRecord) {
  History history = good_history();
  history.inboxes[history.index("a")].rows.push_back({"a", "never-recorded", Position(1)});
  EXPECT_EQ(broken(history.judge()), Ids{"I2"});
}

}  // namespace
}  // namespace ordersaga::verify::test
