#include "bench/system_figures.h"

#include <fmt/format.h>

#include <future>
#include <sstream>
#include <stdexcept>

namespace ordersaga::bench {
namespace {

using namespace std::chrono_literals;
using runtime::postgres::Statement;

constexpr Statement kCosts{"bench_costs",
                           "SELECT xact_commit, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint FROM pg_stat_database"
                           " WHERE datname = current_database()"};
constexpr Statement kOrdersShown{"bench_orders_shown",
                                 "SELECT count(*) FROM read.order_summary WHERE order_id >= $1::text AND order_id < $1::text || '~'"
                                 " AND status <> 'PENDING'"};

std::int64_t sum_of(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  double sum = 0;
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name) || (line[name.size()] != ' ' && line[name.size()] != '{')) continue;
    sum += std::stod(line.substr(line.rfind(' ')));
    found = true;
  }
  if (!found) throw std::runtime_error("the daemon has no metric " + name);
  return static_cast<std::int64_t>(sum);
}

}  // namespace

System::System(const runtime::kafka::Config& kafka, const std::string& database, const std::string& metrics_url)
    : admin_(kafka),
      reader_(kafka),
      topics_(admin_.partition_counts()),
      database_(database),
      metrics_(runtime::http::Endpoint::parse(metrics_url)) {}

std::string System::metrics_text() {
  std::promise<runtime::http::Result> answer;
  auto answered = answer.get_future();
  runtime::http::Request request;
  request.target = "/metrics";
  http_.send(metrics_, std::move(request), 5s, [&](runtime::http::Result result) { answer.set_value(std::move(result)); });
  const runtime::http::Result result = answered.get();
  if (result.fate != runtime::http::Fate::answered || result.response.status != 200)
    throw std::runtime_error(fmt::format("the daemon's /metrics does not answer: {} {}", result.response.status, result.error));
  return result.response.body;
}

std::int64_t System::counter(const std::string& name) {
  return sum_of(metrics_text(), name);
}

std::int64_t System::messages(const std::string& topic) {
  std::int64_t sum = 0;
  for (std::int32_t partition = 0; partition < topics_.at(topic); ++partition) sum += reader_.watermarks(topic, partition).high;
  return sum;
}

std::int64_t System::orders_shown(const std::string& prefix) {
  return database_.exec(kOrdersShown, runtime::postgres::Parameters().add(std::string_view(prefix))).integer(0, 0);
}

Figures System::figures() {
  Figures figures;
  const std::string metrics = metrics_text();
  figures.turns = sum_of(metrics, "ordersaga_turns_total");
  figures.inputs = sum_of(metrics, "ordersaga_turn_inputs_total");
  figures.records = sum_of(metrics, "ordersaga_events_appended_total");
  const auto costs = database_.exec(kCosts, {});
  figures.transactions = costs.integer(0, 0);
  figures.wal_bytes = costs.integer(0, 1);
  for (const auto& [topic, partitions] : topics_)
    if (!topic.starts_with("__")) figures.messages[topic] = messages(topic);
  return figures;
}

}  // namespace ordersaga::bench
