#include "projections/rebuild.h"

#include <gtest/gtest.h>

#include "ordersaga/order/v1/events.pb.h"
#include "tests/projections/folded.h"
#include "tests/support/proto_text.h"

namespace ordersaga::projections::testing {
namespace {

class Compare : public ::testing::Test {
 protected:
  Compare() {
    for (int i = 0; i < 20; ++i) record_completed_order(history_, "o" + std::to_string(i));
    live_.catch_up();
  }
  Comparison compare(std::size_t max = 100) { return compare_with_rebuild(history_.store(), live_.store(), history_.shards(), max); }
  // The only difference, as text.
  std::string difference() {
    Comparison c = compare();
    EXPECT_EQ(c.differences.size(), 1u);
    return c.differences.empty() ? "" : c.differences[0].table + " " + c.differences[0].key + ": " + c.differences[0].what;
  }
  std::map<std::string, Row>& rows(const std::string& table) { return live_.tables().rows[table]; }

  History history_;
  Folded live_{history_};
};

TEST_F(Compare, finds_nothing_where_the_projector_has_done_its_work) {
  Comparison c = compare();
  EXPECT_TRUE(c.differences.empty());
  EXPECT_FALSE(c.more);
  EXPECT_GT(c.rows, 20u * 3u);
  EXPECT_EQ(c.records, 20u * 24u * 3u);
}

TEST_F(Compare, finds_nothing_while_the_log_goes_on) {
  record_completed_order(history_, "later");
  EXPECT_TRUE(compare().differences.empty());
}

TEST_F(Compare, finds_nothing_wrong_with_what_is_rightly_parked) {
  history_.record("order-broken", order::v1::OrderConfirmed());
  live_.catch_up();
  EXPECT_TRUE(compare().differences.empty());
}

TEST_F(Compare, finds_a_changed_value) {
  rows("order_summary").at("o7").at(26) = "CANCELLED";
  EXPECT_EQ(difference(), "order_summary o7: status is CANCELLED, the log says COMPLETED");
}

TEST_F(Compare, finds_a_missing_row) {
  rows("saga_status").erase(joined_key(std::string("o7"), std::string("place_order")));
  EXPECT_EQ(difference(), "saga_status o7/place_order: the row is missing");
}

TEST_F(Compare, finds_a_row_too_many) {
  Row extra = rows("order_summary").at("o7");
  extra[0] = "o7x";
  rows("order_summary")["o7x"] = extra;
  EXPECT_EQ(difference(), "order_summary o7x: the log does not make this row");
}

TEST_F(Compare, finds_units_counted_twice) {
  auto& [key, row] = *rows("stock_level_parts").begin();
  row[3] = "77";
  EXPECT_NE(difference().find("on_hand is 77, the log says"), std::string::npos);
}

TEST_F(Compare, finds_a_checkpoint_beyond_the_log) {
  live_.tables().checkpoints.at({"saga_status", Shard(2)}).position = Position(1'000'000);
  EXPECT_NE(difference().find("projection_checkpoint saga_status: the checkpoint is 1000000"), std::string::npos);
}

TEST_F(Compare, finds_read_models_of_another_epoch) {
  history_.log().set_epoch(Epoch(2));
  EXPECT_EQ(compare().differences.size(), 3u * 4u);
}

TEST_F(Compare, stops_naming_differences_at_the_limit) {
  rows("order_summary").clear();
  Comparison c = compare(5);
  EXPECT_EQ(c.differences.size(), 5u);
  EXPECT_TRUE(c.more);
}

TEST(Replay, makes_the_read_models_from_the_log_alone_and_goes_on_where_it_stopped) {
  History history;
  runtime::SystemClock clock;
  MemoryReadTables tables;
  MemoryReadStore store(tables);
  auto projections = all_projections();
  auto shards = history.shards();
  record_completed_order(history, "o1");
  EXPECT_EQ(replay(history.store(), store, projections, shards, clock, 7), 24u);
  record_completed_order(history, "o2");
  std::uint64_t last = 0;
  EXPECT_EQ(replay(history.store(), store, projections, shards, clock, 7, [&](std::uint64_t n) { last = n; }), 24u);
  EXPECT_EQ(last, 24u);
  EXPECT_TRUE(compare_with_rebuild(history.store(), store, shards, 10).differences.empty());
}

}  // namespace
}  // namespace ordersaga::projections::testing
