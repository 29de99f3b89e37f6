// I12, I13.
#include <gtest/gtest.h>

#include "tests/tools/verify/history.h"

namespace ordersaga::verify::test {
namespace {

using Ids = std::vector<std::string>;

OrderRow& row_of(History& history, const std::string& order) {
  for (OrderRow& row : history.read_of(order).orders)
    if (row.order_id == order) return row;
  throw std::logic_error("no row of order " + order);
}

TEST(ReadModels, FindAStatusThatIsNotTheLogs) {
  History history = good_history();
  row_of(history, "a").status = "DELIVERED";
  EXPECT_EQ(broken(history.judge()), Ids{"I12"});
}

TEST(ReadModels, FindMoneyThatWasAddedTwice) {
  History history = good_history();
  row_of(history, "a").captured_minor *= 2;
  EXPECT_EQ(broken(history.judge()), Ids{"I12"});
}

TEST(ReadModels, FindAnOrderWithoutARow) {
  History history = good_history();
  std::erase_if(history.read_of("a").orders, [](const OrderRow& row) { return row.order_id == "a"; });
  EXPECT_EQ(broken(history.judge()), Ids{"I12"});
}

TEST(ReadModels, FindARowWithoutAnOrder) {
  History history = good_history();
  history.read_of("a").orders.push_back({"nobody", "ORD-0", "PENDING", "EUR", 1, 0, 0});
  EXPECT_EQ(broken(history.judge()), Ids{"I12"});
}

TEST(ReadModels, FindASagaInAnotherState) {
  History history = good_history();
  history.read_of("d").sagas.back().state = "COMPLETED";
  EXPECT_EQ(broken(history.judge()), Ids{"I12"});
}

TEST(ReadModels, FindASagaWithoutARow) {
  History history = good_history();
  history.read_of("d").sagas.pop_back();
  EXPECT_EQ(broken(history.judge()), Ids{"I12"});
}

TEST(ReadModels, FindStockThatWasAppliedTwice) {
  History history = good_history();
  history.read_of("SKU-1").stock.at(0).on_hand += 100;
  EXPECT_EQ(broken(history.judge()), Ids{"I12"});
}

TEST(ReadModels, FindACheckpointAboveTheHead) {
  History history = good_history();
  history.read_of("a").orders_checkpoint = Position(1'000);
  EXPECT_EQ(broken(history.judge()), Ids{"I12"});
}

TEST(ReadModels, AreJudgedAsOfTheirCheckpoints) {
  History history = good_history();
  auto snapshots = history.snapshots;
  history.completed("e");
  for (std::size_t i = 0; i < snapshots.size(); ++i) history.snapshots[i].read = snapshots[i].read;
  history.publish_all();
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(ReadModels, LeaveKeysAloneWhoseMessagesAreParked) {
  History history = good_history();
  row_of(history, "a").status = "PENDING";
  history.read_of("a").parked_keys.insert("a");
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Rebuild, TurnsDifferencesIntoFindings) {
  History history = good_history();
  history.differences.push_back({"order_summary", "a", "status: DELIVERED instead of COMPLETED"});
  std::vector<Finding> findings = history.judge();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0],
            (Finding{"I13", "order_summary a", "what a rebuild from the log gives", "status: DELIVERED instead of COMPLETED"}));
}

}  // namespace
}  // namespace ordersaga::verify::test
