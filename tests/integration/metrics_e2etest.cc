// /metrics of the running daemon: what the docs promise is there, with the labels they name, and what orders do moves it.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/integration/running_system.h"
#include "tests/support/shop.h"

namespace ordersaga::support {
namespace {

using std::chrono::seconds;

constexpr seconds kPatience{90};

// Samples as they are written, "name{label="value"}", without our prefix.
std::map<std::string, double> scrape(Process& daemon) {
  const HttpAnswer answer = http_get(port_of(daemon), "/metrics");
  EXPECT_EQ(answer.status, 200);
  std::map<std::string, double> samples;
  std::istringstream lines(answer.body);
  const std::string prefix = "ordersaga_";
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(prefix))
      samples[line.substr(prefix.size(), line.rfind(' ') - prefix.size())] = std::stod(line.substr(line.rfind(' ')));
  return samples;
}

// Labels of each metric, as docs/metrics.md names them.
std::map<std::string, std::set<std::string>> documented_labels() {
  std::map<std::string, std::set<std::string>> labels;
  std::ifstream page(ORDERSAGA_SOURCE_DIR "/docs/metrics.md");
  const std::regex row(R"(\| `ordersaga_([a-z_]+)` \| [a-z]+ \| ([a-z, ]*?) ?\| .*)"), word("[a-z]+");
  std::smatch found;
  for (std::string line; std::getline(page, line);) {
    if (!std::regex_match(line, found, row)) continue;
    const std::string names = found[2];
    auto& set = labels[found[1]];
    for (std::sregex_iterator it(names.begin(), names.end(), word), end; it != end; ++it) set.insert(it->str());
  }
  return labels;
}

void expect_documented(const std::map<std::string, double>& samples) {
  const auto documented = documented_labels();
  const std::regex label(R"re(([a-z]+)="[^"]*")re"), part("_(bucket|sum|count)$");
  for (const auto& [sample, value] : samples) {
    const std::string name = sample.substr(0, sample.find('{'));
    auto entry = documented.find(name);
    if (entry == documented.end()) entry = documented.find(std::regex_replace(name, part, ""));
    ASSERT_NE(entry, documented.end()) << name;
    std::set<std::string> labels;
    for (std::sregex_iterator it(sample.begin(), sample.end(), label), end; it != end; ++it) labels.insert((*it)[1]);
    labels.erase("le");
    EXPECT_EQ(labels, entry->second) << sample;
  }
}

TEST(Metrics, of_the_running_system_move_with_its_orders) {
  RunningSystem system;
  Shop shop(system.brokers());
  const auto daemon = system.start_ready_daemon("all");
  shop.receive_stock("SKU-1", 100);
  ASSERT_EQ(shop.replies(1, kPatience).size(), 1U);
  shop.place({.order_id = "good"});
  shop.place({.order_id = "good"});  // the client sends it again
  shop.place({.order_id = "poor", .token = "tok_declined"});
  shop.place({.order_id = "large", .quantity = 1'000});
  ASSERT_EQ(shop.replies(4, kPatience).size(), 4U);

  // Each with what it must reach at least; all of them while the system runs.
  const std::map<std::string, double> expected = {
      {"build_info{version=\"0.1.0\"}", 1},
      {"orders_placed_total", 3},
      {"orders_confirmed_total", 1},
      {"orders_fulfilled_total", 1},
      {"orders_rejected_total{reason=\"PAYMENT_DECLINED\"}", 1},
      {"orders_rejected_total{reason=\"INVENTORY_UNAVAILABLE\"}", 1},
      {"order_value_minor_total{currency=\"EUR\"}", 1'000},
      {"commands_total", 5},
      {"inbox_duplicates_total{group=\"ordersaga-orchestrator\"}", 1},
      {"command_duration_seconds_count{command=\"PlaceOrder\",outcome=\"accepted\"}", 3},
      {"event_append_duration_seconds_count", 1},
      {"turns_total", 1},
      {"turn_inputs_total", 5},
      {"events_appended_total", 10},
      {"effects_started_total", 2},
      {"effects_finished_total", 2},
      {"rpc_duration_seconds_count{code=\"OK\",method=\"payment_gateway.authorize\"}", 1},
      {"rpc_duration_seconds_count{code=\"PAYMENT_DECLINED\",method=\"payment_gateway.authorize\"}", 1},
      {"rpc_duration_seconds_count{code=\"OK\",method=\"carrier.book\"}", 1},
      {"saga_step_duration_seconds_count{outcome=\"succeeded\",saga=\"place_order\",step=\"AuthorizePayment\"}", 1},
      {"saga_compensations_total{reason=\"PAYMENT_DECLINED\",saga=\"place_order\",step=\"ReserveStock\"}", 1},
      {"store_statements_total{role=\"ordersaga_writer\"}", 1},
      {"store_statements_total{role=\"ordersaga_relay\"}", 1},
      {"store_commits_total{role=\"ordersaga_writer\"}", 1},
      {"store_commits_total{role=\"ordersaga_projector\"}", 1},
      {"outbox_published_total", 10},
      {"outbox_messages_total", 10},
      {"relay_records_read_total{from=\"memory\"}", 1},
      {"outbox_assigned_shards", RunningSystem::kShards},
      {"projection_applied_total", 10},
      {"projection_batches_total", 1},
  };
  std::map<std::string, double> samples;
  EXPECT_TRUE(eventually(kPatience, [&] {
    samples = scrape(*daemon);
    return std::ranges::all_of(expected, [&](const auto& e) { return samples.contains(e.first) && samples[e.first] >= e.second; });
  }));
  for (const auto& [name, least] : expected) EXPECT_GE(samples.contains(name) ? samples[name] : -1, least) << name;
  expect_documented(samples);
}

// A saga that will not move by itself.
constexpr const char* kPlantSaga =
    "INSERT INTO read.saga_status (order_id, type, shard, started_at, correlation_id, traceparent, version, definition_version, step_index,"
    " attempts, pivot_passed, updated_at, position, state, current_step, code, message)"
    " VALUES ('o', 'place_order', 0, now(), '', '', 1, 1, 3, 1, false, now(), 1, 'RUNNING', 'AuthorizePayment', '', '')";

TEST(Metrics, count_the_sagas_that_are_under_way_and_those_that_are_stuck) {
  RunningSystem system;
  system.sql().exec(kPlantSaga);
  const auto daemon = system.start_ready_daemon("projector");
  EXPECT_TRUE(eventually(kPatience, [&] { return scrape(*daemon)[R"(saga_active{state="RUNNING",type="place_order"})"] == 1; }));
  EXPECT_EQ(scrape(*daemon)["saga_stuck"], 0);
  system.sql().exec("UPDATE read.saga_status SET state = 'PARKED'");
  EXPECT_TRUE(eventually(kPatience, [&] { return scrape(*daemon)["saga_stuck"] == 1; }));
  EXPECT_EQ(scrape(*daemon)[R"(saga_active{state="PARKED",type="place_order"})"], 1);
  EXPECT_EQ(scrape(*daemon)[R"(saga_active{state="RUNNING",type="place_order"})"], 0);
}

}  // namespace
}  // namespace ordersaga::support
