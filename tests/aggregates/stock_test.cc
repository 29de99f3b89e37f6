#include "aggregates/stock/levels.h"
#include "aggregates/stock/stock_item.h"
#include "tests/aggregates/fixtures.h"

namespace ordersaga::tests {
namespace {

namespace v1 = ordersaga::inventory::v1;
namespace stock = aggregates::stock;
using stock::Delta;

template <class... E>
Given<StockItem> given(const E&... events) {
  return Given<StockItem>({}, events...);
}

const v1::StockReceived kReceived = proto<v1::StockReceived>("sku: 'S1' location: 'ams' quantity: 5");

TEST(StockItem, records_what_was_received) {
  given().when(proto<v1::ReceiveStock>("sku: 'S1' location: 'ams' quantity: 5")).then(kReceived);
  given(kReceived)
      .when(proto<v1::ReceiveStock>("sku: 'S1' location: 'ber' quantity: 7"))
      .then(proto<v1::StockReceived>("sku: 'S1' location: 'ber' quantity: 7"));
  EXPECT_EQ(given(kReceived, kReceived).state().received, 10);
  EXPECT_TRUE(given(kReceived).state().exists);
}

TEST(StockItem, refuses_nonsense_with_the_field_named) {
  const std::pair<const char*, const char*> cases[] = {
      {"sku", "location: 'ams' quantity: 5"},
      {"sku", "sku: 'S 1' location: 'ams' quantity: 5"},
      {"location", "sku: 'S1' quantity: 5"},
      {"quantity", "sku: 'S1' location: 'ams'"},
      {"quantity", "sku: 'S1' location: 'ams' quantity: -1"},
      {"quantity", "sku: 'S1' location: 'ams' quantity: 9223372036854775807"},
  };
  for (const auto& [field, text] : cases) {
    SCOPED_TRACE(text);
    auto rejection = given().when(proto<v1::ReceiveStock>(text)).then_rejected(error::kInvalidArgument);
    ASSERT_EQ(rejection.details.size(), 1U);
    EXPECT_EQ(rejection.details.at(0).at(0).second, field);
  }
}

TEST(StockItem, never_receives_more_than_its_limit_over_all_time) {
  const auto most = proto<v1::StockReceived>("sku: 'S1' location: 'ams' quantity: 999999999999");
  given(most)
      .when(proto<v1::ReceiveStock>("sku: 'S1' location: 'ams' quantity: 1"))
      .then(proto<v1::StockReceived>("sku: 'S1' location: 'ams' quantity: 1"));
  given(most).when(proto<v1::ReceiveStock>("sku: 'S1' location: 'ams' quantity: 2")).then_rejected(error::kInvalidArgument);
}

TEST(Deltas, say_what_each_event_does_to_levels) {
  const std::string two = "allocations { sku: 'S1' location: 'ams' quantity: 3 } allocations { sku: 'S2' location: 'ber' quantity: 1 }";
  EXPECT_EQ(stock::deltas(kReceived), (std::vector<Delta>{{"S1", "ams", 5, 0}}));
  EXPECT_EQ(stock::deltas(proto<v1::StockReserved>(two)), (std::vector<Delta>{{"S1", "ams", -3, 3}, {"S2", "ber", -1, 1}}));
  EXPECT_EQ(stock::deltas(proto<v1::StockReleased>(two)), (std::vector<Delta>{{"S1", "ams", 3, -3}, {"S2", "ber", 1, -1}}));
  EXPECT_EQ(stock::deltas(proto<v1::ReservationConsumed>(two)), (std::vector<Delta>{{"S1", "ams", 0, -3}, {"S2", "ber", 0, -1}}));
  EXPECT_TRUE(stock::deltas(v1::ReservationCommitted()).empty());
  EXPECT_TRUE(stock::deltas(proto<v1::StockReservationRejected>("shortfalls { sku: 'S1' }")).empty());
  EXPECT_TRUE(stock::deltas(order_placed()).empty());
}

TEST(Levels, are_found_by_sku_and_iterated_by_location_in_order) {
  stock::Levels levels;
  EXPECT_EQ(levels.find("S1"), nullptr);
  levels["S1"]["ber"].on_hand = 2;
  levels["S1"]["ams"].on_hand = 1;
  levels["S1"]["cdg"].on_hand = 3;
  std::string order;
  for (const auto& [location, level] : *levels.find("S1")) order += location;
  EXPECT_EQ(order, "amsbercdg");
  EXPECT_EQ(levels.find("S1")->find("ber")->on_hand, 2);
  EXPECT_EQ(levels.find("S1")->find("bez"), nullptr);
  EXPECT_EQ(levels.size(), 1U);
  levels.erase("S1");
  levels.erase("S1");
  EXPECT_EQ(levels.find("S1"), nullptr);
}

TEST(Levels, show_what_a_change_left) {
  stock::Levels levels = two_skus();
  EXPECT_EQ(levels.add({"S1", "ams", -3, 3}), (stock::Level{0, 4}));
  EXPECT_EQ(levels.add({"S3", "new", 5, 0}), (stock::Level{5, 0}));
  EXPECT_EQ(levels.add({"S3", "new", -6, 0}), (stock::Level{-1, 0})) << "objecting is the caller's";
}

}  // namespace
}  // namespace ordersaga::tests
