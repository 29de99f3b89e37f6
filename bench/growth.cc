// bench_growth: whether the system slows down as its store grows.
//
//   bench_growth [--levels 10000,100000] [--orders N] [--stored N]
//
// Places orders until as many are stored as the first level says; measures --orders more in a closed loop; goes on to the next
// level. --stored: orders that the store held before (bench_fill).
// Prints tables on stderr; on stdout one JSON object a level, and one with the ratios of the last level to the first.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <sstream>

#include "bench/statistics.h"
#include "bench/whole_system.h"

namespace ordersaga::bench {
namespace {

struct Settings {
  Target target;
  std::string levels = "10000,100000";
  std::int64_t orders = 10'000;
  std::int64_t window = 8'000;
  std::int64_t stored = 0;
};

std::optional<std::string> read_settings(int argc, const char* const* argv, Settings& s) {
  runtime::SettingsReader reader("bench_growth", "Measures orders at several sizes of the store.", ORDERSAGA_VERSION);
  s.target.add_to(reader);
  reader.add("levels", s.levels, "stored orders at which to measure, ascending, separated by commas");
  reader.add("orders", s.orders, "orders of each measurement", {1, 9'999'999});
  reader.add("window", s.window, "orders that are without their replies at a time", {1, 1'000'000});
  reader.add("stored", s.stored, "orders that the store holds already", {0, 1'000'000'000});
  return reader.read(argc, argv, runtime::process_environment());
}

std::vector<std::int64_t> parse_levels(const std::string& text) {
  std::vector<std::int64_t> levels;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    std::int64_t level = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), level);
    if (error != std::errc() || end != item.data() + item.size() || level < 0 || (!levels.empty() && level <= levels.back()))
      throw runtime::SettingsError("levels: '" + text + "' is not an ascending list of numbers");
    levels.push_back(level);
  }
  return levels;
}

double of_order(const Json& result, const char* name) {
  return result["per_order"][name].get<double>();
}

// 1: as at the first level.
Json ratios(const Json& first, const Json& last) {
  auto ratio = [](double is, double was) { return was == 0 ? 0 : rounded(is / was); };
  return {{"benchmark", "growth"},
          {"from_stored", first["stored"]},
          {"to_stored", last["stored"]},
          {"orders_per_second_ratio", ratio(last["orders_per_second"].get<double>(), first["orders_per_second"].get<double>())},
          {"wal_bytes_ratio", ratio(of_order(last, "wal_bytes"), of_order(first, "wal_bytes"))},
          {"cpu_ratio", ratio(of_order(last, "cpu_ms"), of_order(first, "cpu_ms"))}};
}

void print_levels(const std::vector<Json>& results) {
  fmt::print(stderr, "\n{:>14} {:>14} {:>14} {:>14} {:>14}\n", "stored", "orders/s", "WAL B/order", "CPU ms/order", "turns/order");
  for (const Json& r : results)
    fmt::print(stderr, "{:>14} {:>14} {:>14} {:>14} {:>14}\n", r["stored"].dump(), r["orders_per_second"].dump(),
               r["per_order"]["wal_bytes"].dump(), r["per_order"]["cpu_ms"].dump(), r["per_order"]["turns"].dump());
}

void run(const Settings& s, const std::stop_token& stop) {
  const std::vector<std::int64_t> levels = parse_levels(s.levels);
  if (levels.empty() || levels.front() < s.stored) throw runtime::SettingsError("levels: the store holds more than the first one");
  WholeSystem system(s.target, "bench_growth", stop);
  system.receive_stock();
  std::vector<Json> results;
  std::int64_t stored = s.stored;
  for (const std::int64_t level : levels) {
    const std::int64_t missing = std::max<std::int64_t>(level - stored, 0);
    fmt::print(stderr, "bench_growth: {} orders are stored, placing {} more\n", stored, missing);
    system.place(missing, s.window);
    stored += missing;
    Json result{{"benchmark", "growth"}, {"load", fmt::format("{} orders stored", stored)}, {"stored", stored}};
    result.update(system.measure_closed(s.orders, s.window));
    stored += s.orders;
    print_measurement(result);
    std::cout << result.dump() << std::endl;
    results.push_back(std::move(result));
  }
  print_levels(results);
  if (results.size() > 1) std::cout << ratios(results.front(), results.back()).dump() << std::endl;
}

}  // namespace
}  // namespace ordersaga::bench

int main(int argc, char** argv) {
  using namespace ordersaga::bench;
  Settings settings;
  return run_benchmark(
      "bench_growth", [&] { return read_settings(argc, argv, settings); }, [&](const std::stop_token& stop) { run(settings, stop); });
}
