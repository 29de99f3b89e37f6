#include "bench/system_figures.h"

#include <fmt/format.h>

#include <future>
#include <sstream>
#include <stdexcept>

namespace ordersaga::bench {
namespace {

using namespace std::chrono_literals;
using runtime::postgres::Statement;

constexpr Statement kWalPosition{"bench_wal_position", "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"};
constexpr Statement kWal{"bench_wal", "SELECT wal_sync, wal_write, wal_fpi FROM pg_stat_wal"};
constexpr Statement kRows{"bench_rows",
                          "SELECT n.nspname || '.' || r.relname, sum(t.n_tup_ins)::bigint, sum(t.n_tup_upd)::bigint,"
                          " sum(t.n_tup_hot_upd)::bigint, sum(t.n_tup_del)::bigint FROM pg_stat_user_tables t"
                          " JOIN pg_class r ON r.oid = coalesce(pg_partition_root(t.relid), t.relid)"
                          " JOIN pg_namespace n ON n.oid = r.relnamespace GROUP BY 1"};
constexpr Statement kOrdersShown{"bench_orders_shown",
                                 "SELECT count(*) FROM read.order_summary WHERE order_id >= $1::text AND order_id < $1::text || '~'"
                                 " AND status <> 'PENDING'"};

// The metric's samples by the value of one label; without a label all under "".
std::map<std::string, std::int64_t> samples_of(const std::string& text, const std::string& name, const std::string& label = {}) {
  std::istringstream lines(text);
  std::map<std::string, double> sums;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name) || (line[name.size()] != ' ' && line[name.size()] != '{')) continue;
    std::string value;
    if (const auto at = line.find(label + "=\""); !label.empty() && at != std::string::npos) {
      const std::size_t begin = at + label.size() + 2;
      value = line.substr(begin, line.find('"', begin) - begin);
    }
    sums[value] += std::stod(line.substr(line.rfind(' ')));
  }
  if (sums.empty()) throw std::runtime_error("no daemon has a metric " + name);
  std::map<std::string, std::int64_t> whole;
  for (const auto& [value, sum] : sums) whole.emplace(value, static_cast<std::int64_t>(sum));
  return whole;
}

std::int64_t sum_of(const std::string& text, const std::string& name) {
  return samples_of(text, name).at("");
}

std::vector<runtime::http::Endpoint> parse_endpoints(const std::string& urls) {
  std::vector<runtime::http::Endpoint> endpoints;
  std::istringstream items(urls);
  for (std::string url; std::getline(items, url, ',');) endpoints.push_back(runtime::http::Endpoint::parse(url));
  return endpoints;
}

}  // namespace

System::System(const runtime::kafka::Config& kafka, const std::string& database, const std::string& metrics_urls)
    : admin_(kafka), reader_(kafka), topics_(admin_.partition_counts()), database_(database), daemons_(parse_endpoints(metrics_urls)) {}

std::string System::metrics_text() {
  std::string all;
  for (const runtime::http::Endpoint& daemon : daemons_) {
    std::promise<runtime::http::Result> answer;
    auto answered = answer.get_future();
    runtime::http::Request request;
    request.target = "/metrics";
    http_.send(daemon, std::move(request), 5s, [&](runtime::http::Result result) { answer.set_value(std::move(result)); });
    const runtime::http::Result result = answered.get();
    if (result.fate != runtime::http::Fate::answered || result.response.status != 200)
      throw std::runtime_error(fmt::format("a daemon's /metrics does not answer: {} {}", result.response.status, result.error));
    all += result.response.body;
  }
  return all;
}

std::int64_t System::counter(const std::string& name) {
  return sum_of(metrics_text(), name);
}

void System::checkpoint() {
  database_.exec("CHECKPOINT");
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
  topics_ = admin_.partition_counts();  // the load makes one of its own
  const std::string metrics = metrics_text();
  figures.turns = sum_of(metrics, "ordersaga_turns_total");
  figures.inputs = sum_of(metrics, "ordersaga_turn_inputs_total");
  figures.records = sum_of(metrics, "ordersaga_events_appended_total");
  figures.statements = samples_of(metrics, "ordersaga_store_statements_total", "role");
  figures.commits = samples_of(metrics, "ordersaga_store_commits_total", "role");
  figures.wal_bytes = database_.exec(kWalPosition, {}).integer(0, 0);
  for (const auto& [topic, partitions] : topics_)
    if (!topic.starts_with("__")) figures.messages[topic] = messages(topic);
  return figures;
}

Statistics System::statistics() {
  Statistics statistics;
  const auto wal = database_.exec(kWal, {});
  statistics.wal_syncs = wal.integer(0, 0);
  statistics.wal_writes = wal.integer(0, 1);
  statistics.full_page_images = wal.integer(0, 2);
  const auto rows = database_.exec(kRows, {});
  for (std::size_t i = 0; i < rows.size(); ++i)
    statistics.rows.emplace(rows.text(i, 0), TableRows{rows.integer(i, 1), rows.integer(i, 2), rows.integer(i, 3), rows.integer(i, 4)});
  return statistics;
}

}  // namespace ordersaga::bench
