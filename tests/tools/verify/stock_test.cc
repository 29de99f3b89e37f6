// I7.
#include <gtest/gtest.h>

#include "ordersaga/inventory/v1/events.pb.h"
#include "tests/tools/verify/history.h"

namespace ordersaga::verify::test {
namespace {

using Ids = std::vector<std::string>;

Ids judge(History& history) {
  history.publish_all();
  history.project_all();
  return broken(history.judge());
}

TEST(Stock, FindsALevelThatIsNotTheLogs) {
  History history = good_history();
  history.level_table.levels[0].on_hand += 1;
  EXPECT_EQ(broken(history.judge()), Ids{"I7"});
}

TEST(Stock, FindsALevelThatTheLogDoesNotKnow) {
  History history = good_history();
  history.level_table.levels.push_back({"SKU-9", "ber", 5, 0});
  EXPECT_EQ(broken(history.judge()), Ids{"I7"});
}

TEST(Stock, FindsALevelThatIsGone) {
  History history = good_history();
  history.level_table.levels.clear();
  EXPECT_EQ(broken(history.judge()), Ids{"I7"});
}

TEST(Stock, FindsUnitsThatWereSoldTwice) {
  History history;
  history.receive("SKU-1", "ams", 1);
  history.place("a");
  history.reserve("a");
  history.place("b");
  history.reserve("b");
  EXPECT_EQ(judge(history), Ids{"I7"});
}

TEST(Stock, FindsAReservationThatGivesBackMoreThanItHolds) {
  History history = good_history();
  inventory::v1::StockReleased released;
  auto* allocation = released.add_allocations();
  allocation->set_sku("SKU-1");
  allocation->set_location("ams");
  allocation->set_quantity(1);
  history.append("reservation-a", released);  // it was shipped
  history.level_table.levels[0].on_hand += 1;
  history.level_table.levels[0].reserved -= 1;
  EXPECT_EQ(judge(history), Ids{"I7"});
}

TEST(Stock, FindsAReservationThatTookMoreThanItSaw) {
  History history;
  history.receive("SKU-1", "ams", 100);
  history.place("a");
  inventory::v1::StockReserved reserved;
  auto* allocation = reserved.add_allocations();
  allocation->set_sku("SKU-1");
  allocation->set_location("ams");
  allocation->set_quantity(3);
  allocation->set_seen_on_hand(2);
  history.append("reservation-a", reserved);
  history.level_table.levels[0].on_hand -= 3;
  history.level_table.levels[0].reserved += 3;
  EXPECT_EQ(broken(check({.log = &history, .tables = &history}, {Group::stock}).findings.kept()), Ids{"I7"});
}

TEST(Stock, ComparesLevelsWithTheLogAsItWasWhenTheyWereSeen) {
  History history = good_history();
  LevelsAt seen = history.level_table;
  history.completed("e");
  history.level_table = seen;
  EXPECT_EQ(judge(history), Ids{});
}

}  // namespace
}  // namespace ordersaga::verify::test
