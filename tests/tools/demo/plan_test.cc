#include "tools/demo/plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "schemas/error_codes.h"
#include "schemas/ids.h"

namespace ordersaga::demo {
namespace {

TEST(Plan, AThousandOrdersHoldEachKindInItsShare) {
  const Plan plan = make_plan("r", 1000);
  std::map<std::size_t, int> count;
  for (const PlannedOrder& order : plan.orders) ++count[order.kind];
  for (std::size_t kind = 0; kind < kKindCount; ++kind) EXPECT_EQ(count[kind], kKinds[kind].per_thousand) << kKinds[kind].name;
}

TEST(Plan, NoKindIsEverFarFromItsShareSoThatSmallRunsHaveAllOfThem) {
  const Plan plan = make_plan("r", 1000);
  std::map<std::size_t, double> count;
  for (std::size_t i = 0; i < plan.orders.size(); ++i) {
    ++count[plan.orders[i].kind];
    for (std::size_t kind = 0; kind < kKindCount; ++kind) {
      const double share = kKinds[kind].per_thousand * static_cast<double>(i + 1) / 1000;
      ASSERT_NEAR(count[kind], share, 1.6) << kKinds[kind].name << " after " << i + 1;
    }
  }
}

TEST(Plan, StockCoversEveryOrderButThoseMeantToRunShort) {
  const Plan plan = make_plan("r", 500);
  std::map<std::string, std::int64_t> stock;
  for (const auto& receipt : plan.receipts) stock[receipt.sku()] += receipt.quantity();
  for (const PlannedOrder& order : plan.orders) {
    bool is_short = false;
    for (const auto& item : order.command.items()) is_short |= item.quantity() > stock[item.sku()];
    EXPECT_EQ(is_short, kKinds[order.kind].short_of_stock) << order.command.order_id();
    if (is_short) continue;
    for (const auto& item : order.command.items()) stock[item.sku()] -= item.quantity();
  }
}

TEST(Plan, StockLiesAtTwoLocations) {
  std::map<std::string, std::set<std::string>> locations;
  for (const auto& receipt : make_plan("r", 100).receipts) locations[receipt.sku()].insert(receipt.location());
  locations.erase("DEMO-SCARCE");
  for (const auto& [sku, where] : locations) EXPECT_EQ(where.size(), 2U) << sku;
}

TEST(Plan, OrderIdsAreValidAndDifferBetweenRuns) {
  std::set<std::string> ids;
  for (std::string_view run : {"0000000a", "0000000b"})
    for (const PlannedOrder& order : make_plan(run, 300).orders) {
      EXPECT_TRUE(is_valid_id(order.command.order_id())) << order.command.order_id();
      ids.insert(order.command.order_id());
    }
  EXPECT_EQ(ids.size(), 600U);
}

TEST(Plan, RejectionsCarryCodesOfTheClosedList) {
  for (const Kind& kind : kKinds) {
    EXPECT_EQ(kind.end == End::rejected, !kind.code.empty()) << kind.name;
    if (!kind.code.empty()) {
      EXPECT_NE(find_error_code(kind.code), nullptr) << kind.code;
    }
  }
}

}  // namespace
}  // namespace ordersaga::demo
