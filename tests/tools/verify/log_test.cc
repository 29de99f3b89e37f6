// I1, I2, I3, I14, I15.
#include <gtest/gtest.h>

#include <algorithm>

#include "ordersaga/order/v1/events.pb.h"
#include "tests/tools/verify/history.h"
#include "tools/verify/reused_ids.h"

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
  // The inbox remembers the refusal too, under an id of its own.
  history.inboxes[history.index("a")].rows.push_back({"a", "key-a#0123456789abcdef", history.log_of("a").back().position});
  history.publish_all();
  history.project_all();
  EXPECT_EQ(broken(history.judge()), Ids{});
  history.inboxes[history.index("a")].rows.back().position = Position(1);
  EXPECT_EQ(broken(history.judge()), Ids{"I2"}) << "the inbox names a refusal that is not there";
}

TEST(Inputs, FindACommandWithoutAnOutcome) {
  History history = good_history();
  ordersaga::log::v1::InputRecord input;
  input.set_command_id("new");
  history.decide("a", input);
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
  history.decide("a", input);
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

// The command that placed an order, as the log has it.
ordersaga::log::v1::InputRecord placing_of(const History& history, const std::string& order) {
  ordersaga::log::v1::InputRecord input;
  for (const events::RecordedEvent& r : history.log[history.index(order)])
    if (r.stream.empty() && input.ParseFromString(r.payload) && input.idempotency_key() == "key-" + order) return input;
  throw std::invalid_argument("no command placed " + order);
}

Ids judge_again(History& history) {
  history.publish_all();
  history.project_all();
  return broken(history.judge());
}

TEST(ReusedIds, FindOtherContentThatWasDecided) {
  History history = good_history();
  ordersaga::log::v1::InputRecord other = placing_of(history, "a");
  other.set_command_id("other");
  other.set_data("other bytes");
  history.append_keyed("a", other);
  EXPECT_EQ(judge_again(history), (Ids{"I2", "I3"}));
}

TEST(ReusedIds, FindARepetitionThatWasRefusedAsIfItWereAnother) {
  History history = good_history();
  ordersaga::log::v1::InputRecord same = placing_of(history, "a");
  same.set_outcome(ordersaga::common::v1::OUTCOME_REJECTED);
  same.mutable_error()->set_code("IDEMPOTENCY_KEY_MISMATCH");
  history.append_keyed("a", same);
  EXPECT_EQ(judge_again(history), Ids{"I3"});
}

TEST(ReusedIds, FindARefusalOfAnIdThatNobodyHadUsed) {
  History history = good_history();
  ordersaga::log::v1::InputRecord input;
  input.set_command_id("never-used");
  input.set_outcome(ordersaga::common::v1::OUTCOME_REJECTED);
  input.mutable_error()->set_code("IDEMPOTENCY_KEY_MISMATCH");
  history.append_keyed("a", input);
  EXPECT_EQ(judge_again(history), Ids{"I3"});
}

TEST(ReusedIds, FindAnInboxThatRemembersOtherContent) {
  History history = good_history();
  history.inboxes[history.index("a")].rows[0].hash = content_hash("ordersaga.order.v1.PlaceOrder", "other bytes");
  EXPECT_EQ(judge_again(history), Ids{"I3"});
}

TEST(Causes, FindARecordWithoutOne) {
  History history = good_history();
  history.append("order-a", order::v1::OrderReady()).metadata.clear();
  EXPECT_EQ(broken(check({.log = &history, .tables = &history}, {Group::log}).findings.kept()), Ids{"I14"});
}

TEST(Causes, FindACommandAndACallThatTheLogDoesNotKnow) {
  for (const char* cause : {"cmd-never-sent", "saga-place_order-a/7#1", "saga-place_order-a/0/undo#1", "timer:saga-place_order-nobody"}) {
    History history = good_history();
    log::v1::RecordMetadata metadata;
    metadata.mutable_causation()->set_text(cause);
    history.append("order-a", order::v1::OrderReady()).metadata = metadata.SerializeAsString();
    std::vector<Finding> findings = check({.log = &history, .tables = &history}, {Group::log}).findings.kept();
    EXPECT_EQ(broken(findings), Ids{"I14"}) << cause;
    EXPECT_NE(findings.at(0).found.find(cause), std::string::npos);
  }
}

TEST(Causes, FindACommandOfAnotherKey) {
  History history = good_history();
  log::v1::RecordMetadata metadata;
  metadata.mutable_causation()->set_text(placing_of(history, "c").command_id());
  history.append("order-a", order::v1::OrderReady()).metadata = metadata.SerializeAsString();
  EXPECT_EQ(broken(check({.log = &history, .tables = &history}, {Group::log}).findings.kept()), Ids{"I14"});
}

TEST(Causes, AcceptTheTimerOfASagaThatHasBegun) {
  History history = good_history();
  log::v1::RecordMetadata metadata;
  metadata.mutable_causation()->set_text("timer:saga-place_order-a");
  history.append("order-a", order::v1::OrderReady()).metadata = metadata.SerializeAsString();
  EXPECT_EQ(broken(check({.log = &history, .tables = &history}, {Group::log}).findings.kept()), Ids{});
}

}  // namespace
}  // namespace ordersaga::verify::test
