#include "projections/stock_levels/stock_levels.h"

#include <gtest/gtest.h>

#include "tests/projections/folded.h"
#include "tests/support/proto_text.h"

namespace ordersaga::projections::testing {
namespace {

using stock_levels::LevelPart;
using tests::proto;
namespace inventory = ordersaga::inventory::v1;

struct Sum {
  std::int64_t on_hand = 0, reserved = 0, shipped = 0, received = 0;
  bool operator==(const Sum&) const = default;
};

Sum sum_of(const Folded& folded, const std::string& sku, const std::string& location) {
  Sum sum;
  for (const LevelPart& p : folded.rows<LevelPart>()) {
    if (p.sku != sku || p.location != location) continue;
    sum.on_hand += p.on_hand;
    sum.reserved += p.reserved;
    sum.shipped += p.shipped;
    sum.received += p.received;
  }
  return sum;
}

std::string allocation(int quantity) {
  return "allocations { sku: 'SKU-1' location: 'ams' quantity: " + std::to_string(quantity) + " }";
}

TEST(StockLevels, units_go_from_received_to_free_to_reserved_to_shipped_or_back) {
  History history;
  Folded folded(history);
  auto then = [&](Sum expected) {
    folded.catch_up();  // the other projections miss the orders
    for (const ParkedMessage& parked : folded.rows<ParkedMessage>()) EXPECT_NE(parked.projection, "stock_levels");
    EXPECT_EQ(sum_of(folded, "SKU-1", "ams"), expected);
  };
  history.record("stock-SKU-1", proto<inventory::StockReceived>("sku: 'SKU-1' location: 'ams' quantity: 10"));
  then({10, 0, 0, 10});
  history.record("reservation-o1", proto<inventory::StockReserved>(allocation(4)));
  then({6, 4, 0, 10});
  history.record("reservation-o2", proto<inventory::StockReserved>(allocation(3)));
  then({3, 7, 0, 10});
  history.record("reservation-o1", proto<inventory::StockReleased>(allocation(4)));
  then({7, 3, 0, 10});
  history.record("reservation-o2", proto<inventory::ReservationConsumed>(allocation(3)));
  then({7, 0, 3, 10});
}

TEST(StockLevels, each_shard_keeps_a_part_of_its_own) {
  History history(4);
  std::string here = "o1", there = "o2";
  for (int i = 3; history.shard_of_key(there) == history.shard_of_key(here); ++i) there = "o" + std::to_string(i);
  history.record("reservation-" + here, proto<inventory::StockReserved>(allocation(1)));
  history.record("reservation-" + there, proto<inventory::StockReserved>(allocation(2)));
  Folded folded(history);
  folded.catch_up();
  EXPECT_EQ((folded.row<LevelPart>(std::string("SKU-1"), std::string("ams"), history.shard_of_key(here))->reserved), 1);
  EXPECT_EQ((folded.row<LevelPart>(std::string("SKU-1"), std::string("ams"), history.shard_of_key(there))->reserved), 2);
}

TEST(StockLevels, one_sku_in_two_lines_counts_twice) {
  History history;
  history.record("reservation-o1", proto<inventory::StockReserved>(allocation(1) + allocation(5)));
  Folded folded(history);
  folded.catch_up();
  EXPECT_EQ(sum_of(folded, "SKU-1", "ams"), (Sum{-6, 6, 0, 0}));
}

}  // namespace
}  // namespace ordersaga::projections::testing
