// Orders through the whole system: commands on Kafka, decided, published, projected; and again while processes are killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "tests/integration/running_system.h"
#include "tests/support/shop.h"

namespace ordersaga::support {
namespace {

using common::v1::OUTCOME_REJECTED;
using common::v1::OUTCOME_SUCCEEDED;
using std::chrono::seconds;

constexpr seconds kPatience{90};

constexpr const char* kOrdersByStatus = "SELECT status, count(*) FROM read.order_summary GROUP BY status";
// Every saga that has not ended has a wake-up.
constexpr const char* kLiveSagas = "SELECT count(*) FROM log.wakeups";
constexpr const char* kCutConnections =
    "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename IN ('ordersaga_writer', 'ordersaga_relay', 'ordersaga_projector')) AS cut";
constexpr const char* kUnpublished =
    "SELECT coalesce(sum(e.head - coalesce(c.position, 0)), 0) FROM (SELECT shard, max(position) AS head FROM log.events GROUP BY shard) "
    "AS e "
    "LEFT JOIN log.relay_cursors AS c USING (shard)";

class Daemon : public testing::Test {
 protected:
  std::map<std::string, std::int64_t> orders_by_status() {
    std::map<std::string, std::int64_t> counts;
    const auto rows = system_.sql().exec(kOrdersByStatus);
    for (std::size_t i = 0; i < rows.size(); ++i) counts[std::string(rows.text(i, 0))] = rows.integer(i, 1);
    return counts;
  }
  std::int64_t live_sagas() { return system_.sql().exec(kLiveSagas).integer(0, 0); }
  bool all_published() { return system_.sql().exec(kUnpublished).integer(0, 0) == 0; }

  void stock_up(std::int64_t quantity) {
    shop_.receive_stock("SKU-1", quantity);
    const auto& replies = shop_.replies(1, kPatience);
    ASSERT_TRUE(replies.contains("receive-SKU-1"));
    ASSERT_EQ(replies.at("receive-SKU-1").outcome(), common::v1::OUTCOME_ACCEPTED);
  }
  // Places that many more orders, of which every tenth is declined and every twentieth takes more than there is.
  void place_orders(int count) {
    for (int i = static_cast<int>(placed_.size()), end = i + count; i < end; ++i) {
      Purchase purchase;
      purchase.order_id = "order-" + std::to_string(i);
      if (i % 10 == 3) purchase.token = "tok_declined";
      if (i % 20 == 7) purchase.quantity = 1'000'000;
      shop_.place(purchase);
      EXPECT_TRUE(placed_.emplace("place-" + purchase.order_id, i % 10 == 3 || i % 20 == 7 ? OUTCOME_REJECTED : OUTCOME_SUCCEEDED).second);
    }
  }
  // All orders were answered as they should, and get to their ends.
  void expect_all_end(const Process* daemon = nullptr) {
    const auto& replies = shop_.replies(placed_.size() + 1, kPatience);
    std::map<std::string, std::int64_t> expected;
    for (const auto& [id, outcome] : placed_) {
      ++expected[outcome == OUTCOME_SUCCEEDED ? "COMPLETED" : "REJECTED"];
      const auto reply = replies.find(id);
      if (reply == replies.end())
        ADD_FAILURE() << id << " was not answered";
      else
        EXPECT_EQ(reply->second.outcome(), outcome) << reply->second.ShortDebugString();
    }
    EXPECT_TRUE(eventually(kPatience, [&] { return orders_by_status() == expected; })) << testing::PrintToString(orders_by_status());
    EXPECT_TRUE(eventually(kPatience, [&] { return all_published(); }));
    const RunningSystem::Verdict verdict = system_.verify();
    EXPECT_EQ(verdict.code, 0) << verdict.text;
    if (HasFailure() && daemon != nullptr) std::cerr << daemon->output();
  }

  RunningSystem system_;
  Shop shop_{system_.brokers()};
  std::map<std::string, common::v1::Outcome> placed_;
};

TEST_F(Daemon, TakesAnOrderFromItsCommandToCompleted) {
  const auto daemon = system_.start_ready_daemon("all");
  stock_up(1'000);
  place_orders(1);
  expect_all_end(daemon.get());
  const HttpAnswer metrics = http_get(port_of(*daemon), "/metrics");
  EXPECT_EQ(metrics.status, 200);
  // To receive stock, to place the order, and the warehouse's to pack it.
  EXPECT_THAT(metrics.body, testing::HasSubstr("ordersaga_commands_total 3"));
  daemon->terminate();
  EXPECT_EQ(daemon->wait_for_end(seconds(10)), 0) << daemon->output();
}

TEST_F(Daemon, LosesNoOrderWhenItIsKilledInTheMiddle) {
  auto daemon = system_.start_ready_daemon("all", {"--instance", "one"});
  stock_up(1'000'000 - 1);
  place_orders(200);
  daemon->kill();
  EXPECT_GT(live_sagas(), 0);
  place_orders(20);
  daemon = system_.start_ready_daemon("all", {"--instance", "one"});
  expect_all_end(daemon.get());
}

TEST_F(Daemon, LosesNoOrderWhenEachOfItsRolesIsKilledByItself) {
  std::map<std::string, std::unique_ptr<Process>> daemons;
  for (const std::string role : {"relay", "orchestrator", "projector"})
    daemons[role] = system_.start_ready_daemon(role, {"--instance", "one"});
  stock_up(1'000'000 - 1);
  for (auto& [role, daemon] : daemons) {
    place_orders(100);
    daemon->kill();
    EXPECT_GT(live_sagas(), 0);
    daemon = system_.start_ready_daemon(role, {"--instance", "one"});
  }
  expect_all_end();
  for (auto& [role, daemon] : daemons) {
    daemon->terminate();
    EXPECT_EQ(daemon->wait_for_end(seconds(10)), 0) << role << daemon->output();
  }
}

TEST_F(Daemon, LivesThroughTheLossOfItsConnections) {
  const auto daemon = system_.start_ready_daemon("all");
  stock_up(1'000'000 - 1);
  for (int i = 0; i < 5; ++i) {
    place_orders(30);
    // Those that are just being made anew cannot be cut; the lanes' come back within their back-off.
    EXPECT_TRUE(eventually(kPatience, [this] { return system_.sql().exec(kCutConnections).integer(0, 0) > 0; }));
  }
  expect_all_end(daemon.get());
  EXPECT_EQ(daemon->wait_for_end(seconds(0)), std::nullopt) << daemon->output();
  daemon->terminate();
  EXPECT_EQ(daemon->wait_for_end(seconds(10)), 0) << daemon->output();
}

TEST_F(Daemon, HandsItsWorkOverWhenItIsToldToStop) {
  auto first = system_.start_ready_daemon("all");
  stock_up(1'000'000 - 1);
  const auto second = system_.start_ready_daemon("all");
  place_orders(100);
  first->terminate();
  EXPECT_EQ(first->wait_for_end(seconds(10)), 0) << first->output();
  expect_all_end(second.get());
}

}  // namespace
}  // namespace ordersaga::support
