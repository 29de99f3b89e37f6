#include "bench/costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "bench/statistics.h"
#include "runtime/shutdown.h"

namespace ordersaga::bench {
namespace {

// Parts of a process that used less of its time are not worth a line.
constexpr double kSmallPart = 0.02;
// Tables that are named; the others count in their schema's sum.
constexpr std::size_t kLargestTables = 8;

TableRows operator-(const TableRows& a, const TableRows& b) {
  return {a.inserted - b.inserted, a.updated - b.updated, a.hot - b.hot, a.deleted - b.deleted};
}

TableRows operator+(const TableRows& a, const TableRows& b) {
  return {a.inserted + b.inserted, a.updated + b.updated, a.hot + b.hot, a.deleted + b.deleted};
}

std::int64_t written(const TableRows& rows) {
  return rows.inserted + rows.updated + rows.deleted;
}

// after - before, of what is in `after`.
template <class Value>
std::map<std::string, Value> difference(const std::map<std::string, Value>& before, const std::map<std::string, Value>& after) {
  std::map<std::string, Value> changes;
  for (const auto& [name, value] : after) {
    auto was = before.find(name);
    changes.emplace(name, was == before.end() ? value : value - was->second);
  }
  return changes;
}

class PerOrder {
 public:
  explicit PerOrder(double orders) : orders_(orders) {}

  double operator()(std::int64_t count) const { return rounded(static_cast<double>(count) / orders_); }
  Json operator()(const TableRows& rows) const {
    return {{"inserted", (*this)(rows.inserted)},
            {"updated", (*this)(rows.updated)},
            {"hot", (*this)(rows.hot)},
            {"deleted", (*this)(rows.deleted)}};
  }
  // By name, without those that did not move.
  Json operator()(const std::map<std::string, std::int64_t>& counts) const {
    Json named = Json::object();
    for (const auto& [name, count] : counts)
      if (count != 0) named[name] = (*this)(count);
    return named;
  }

 private:
  double orders_;
};

std::int64_t sum(const std::map<std::string, std::int64_t>& counts) {
  std::int64_t all = 0;
  for (const auto& [name, count] : counts) all += count;
  return all;
}

Json rows_table(const std::map<std::string, TableRows>& tables, const PerOrder& each) {
  std::map<std::string, TableRows> schemas;
  std::vector<std::pair<std::string, TableRows>> largest;
  for (const auto& [table, rows] : tables) {
    TableRows& schema = schemas[table.substr(0, table.find('.'))];
    schema = schema + rows;
    if (written(rows) > 0) largest.emplace_back(table, rows);
  }
  std::sort(largest.begin(), largest.end(), [](const auto& a, const auto& b) { return written(a.second) > written(b.second); });
  largest.resize(std::min(largest.size(), kLargestTables));
  Json result = Json::object();
  for (const auto& [schema, rows] : schemas)
    if (written(rows) > 0) result[schema] = each(rows);
  for (const auto& [table, rows] : largest) result[table] = each(rows);
  return result;
}

Json store_costs(const Snapshot& before, const Snapshot& after, const PerOrder& each) {
  const Figures& was = before.figures;
  const Figures& is = after.figures;
  const auto messages = difference(was.messages, is.messages);
  const auto statements = difference(was.statements, is.statements);
  const auto commits = difference(was.commits, is.commits);
  const auto rows = difference(before.statistics.rows, after.statistics.rows);
  std::int64_t all_rows = 0;
  for (const auto& [table, changed] : rows) all_rows += written(changed);
  return {{"turns", each(is.turns - was.turns)},
          {"turn_inputs", each(is.inputs - was.inputs)},
          {"records", each(is.records - was.records)},
          {"commits", each(sum(commits))},
          {"statements", each(sum(statements))},
          {"rows", each(all_rows)},
          {"wal_bytes", std::round(each(is.wal_bytes - was.wal_bytes))},
          {"wal_syncs", each(after.statistics.wal_syncs - before.statistics.wal_syncs)},
          {"wal_writes", each(after.statistics.wal_writes - before.statistics.wal_writes)},
          {"full_page_images", each(after.statistics.full_page_images - before.statistics.full_page_images)},
          {"kafka_messages", each(sum(messages))},
          {"kafka_messages_by_topic", each(messages)},
          {"commits_by_role", each(commits)},
          {"statements_by_role", each(statements)},
          {"rows_by_table", rows_table(rows, each)}};
}

Json parts_table(const ProcessUsage& was, const ProcessUsage& is) {
  std::vector<std::pair<double, std::string>> parts;
  for (const auto& [name, seconds] : is.parts) {
    auto found = was.parts.find(name);
    const double used = seconds - (found == was.parts.end() ? 0 : found->second);
    if (used > 0 && used >= kSmallPart * (is.cpu_seconds - was.cpu_seconds)) parts.emplace_back(used, name);
  }
  std::sort(parts.rbegin(), parts.rend());
  Json named = Json::object();
  for (const auto& [seconds, name] : parts) named[name] = rounded(seconds);
  return named;
}

Json process_table(const Snapshot& before, const Snapshot& after, double orders) {
  const PerOrder each(orders);
  Json table = Json::array();

  for (std::size_t i = 0; i < after.processes.size(); ++i) {
    const auto& [name, is] = after.processes[i];
    const ProcessUsage& was = before.processes[i].second;
    const double cpu = is.cpu_seconds - was.cpu_seconds;
    table.push_back({{"process", name},
                     {"cpu_s", rounded(cpu)},
                     {"cpu_ms_per_order", rounded(cpu * 1000 / orders)},
                     {"memory_mib", std::round(is.memory_mib)},
                     {"waits_per_order", each(is.waits - was.waits)},
                     {"reads_per_order", each(is.reads - was.reads)},
                     {"writes_per_order", each(is.writes - was.writes)},
                     {"cpu_s_by_part", parts_table(was, is)}});
  }
  return table;
}

void rest(const std::stop_token& stop) {
  if (runtime::sleep_unless_stopped(stop, System::kStatisticsRest)) throw std::runtime_error("interrupted");
}

void look(System& system, const NamedPids& pids, Snapshot& snapshot) {
  for (const auto& [name, pid] : pids) snapshot.processes.emplace_back(name, usage_of(pid));
  snapshot.figures = system.figures();
}

std::string cell(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

Snapshot look_before(System& system, const NamedPids& pids, const std::stop_token& stop) {
  rest(stop);
  Snapshot snapshot;
  snapshot.statistics = system.statistics();
  look(system, pids, snapshot);
  return snapshot;
}

Snapshot look_after(System& system, const NamedPids& pids, const std::stop_token& stop) {
  Snapshot snapshot;
  look(system, pids, snapshot);
  rest(stop);
  snapshot.statistics = system.statistics();
  return snapshot;
}

Json costs(const Snapshot& before, const Snapshot& after, double orders) {
  const PerOrder each(orders);
  Json result;
  result["per_order"] = store_costs(before, after, each);
  result["processes"] = process_table(before, after, orders);
  double cpu = 0;
  for (const Json& process : result["processes"]) cpu += process["cpu_s"].get<double>();
  result["per_order"]["cpu_ms"] = rounded(cpu * 1000 / orders);
  return result;
}

void print_costs(const Json& costs) {
  const Json& per_order = costs["per_order"];
  fmt::print(stderr, "per order\n");
  for (const auto& [name, value] : per_order.items())
    if (value.is_number()) fmt::print(stderr, "  {:<30} {:>12}\n", name, cell(value));
  for (const char* group : {"kafka_messages_by_topic", "commits_by_role", "statements_by_role"}) {
    fmt::print(stderr, "{}\n", group);
    for (const auto& [name, value] : per_order[group].items()) fmt::print(stderr, "  {:<30} {:>12}\n", name, cell(value));
  }
  fmt::print(stderr, "{:<32} {:>12} {:>12} {:>12} {:>12}\n", "rows", "inserted", "updated", "hot", "deleted");
  for (const auto& [table, rows] : per_order["rows_by_table"].items())
    fmt::print(stderr, "  {:<30} {:>12} {:>12} {:>12} {:>12}\n", table, cell(rows["inserted"]), cell(rows["updated"]), cell(rows["hot"]),
               cell(rows["deleted"]));
  fmt::print(stderr, "{:<32} {:>12} {:>12} {:>12} {:>12} {:>12} {:>12}\n", "process", "CPU s", "CPU ms/order", "memory MiB", "waits/order",
             "reads/order", "writes/order");
  for (const Json& p : costs["processes"]) {
    fmt::print(stderr, "  {:<30} {:>12} {:>12} {:>12} {:>12} {:>12} {:>12}\n", cell(p["process"]), cell(p["cpu_s"]),
               cell(p["cpu_ms_per_order"]), cell(p["memory_mib"]), cell(p["waits_per_order"]), cell(p["reads_per_order"]),
               cell(p["writes_per_order"]));
    for (const auto& [name, seconds] : p["cpu_s_by_part"].items()) fmt::print(stderr, "    {:<28} {:>12}\n", name, cell(seconds));
  }
}

}  // namespace ordersaga::bench
