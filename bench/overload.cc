// bench_overload: what becomes of the system when more is asked of it than it can do.
//
//   bench_overload [--minutes M] [--factor F]
//
// Measures the capacity in a closed loop, then places orders in an open loop at F times as many a second for M minutes, and waits
// until each is answered, published and shown. Every ten seconds it notes the memory of each process, what is unanswered, and the
// latencies of the replies since. Memory is bounded when its largest value in the second half of the load is not above the one in the
// first half ("memory_ratio" about 1), while what waits grows all the time.
// Prints tables on stderr; on stdout one JSON object with all notes in "series".
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <map>

#include "bench/room.h"
#include "bench/statistics.h"
#include "bench/whole_system.h"

namespace ordersaga::bench {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kNoteEvery = 10s;
// Of an order, in Postgres and Kafka together.
constexpr std::uintmax_t kBytesAnOrder = 20'000;

// Of all orders, at least such a part must wait at some time; else the load was not above what the system can do.
constexpr std::size_t kOverloaded = 10;

struct Settings {
  Target target;
  std::int64_t warm_up = 10'000;
  std::int64_t orders = 20'000;
  std::int64_t window = 8'000;
  std::int64_t minutes = 10;
  std::int64_t factor = 2;
  std::string data;
};

std::optional<std::string> read_settings(int argc, const char* const* argv, Settings& s) {
  runtime::SettingsReader reader("bench_overload", "Asks more of the system than it can do.", ORDERSAGA_VERSION);
  s.target.add_to(reader);
  reader.add("warm_up", s.warm_up, "orders placed before the capacity is measured", {0, 9'999'999});
  reader.add("orders", s.orders, "orders that the capacity is measured with", {1, 9'999'999});
  reader.add("window", s.window, "of them without their replies at a time", {1, 1'000'000});
  reader.add("minutes", s.minutes, "how long the overload lasts", {1, 1'440});
  reader.add("factor", s.factor, "how many times the capacity is asked for", {1, 100});
  reader.add("data", s.data, "the servers' folder: it is refused to begin when that has not the room");
  return reader.read(argc, argv, runtime::process_environment());
}

// Notes of one overload.
class Watcher {
 public:
  Watcher(const NamedPids& pids, double load_seconds) : pids_(pids), load_seconds_(load_seconds) {}

  void look(const Load& load) {
    const auto now = SteadyClock::now();
    if (now < next_) return;
    if (next_ == SteadyClock::time_point{}) began_ = next_ = now;
    next_ += kNoteEvery;
    const double seconds = std::chrono::duration<double>(now - began_).count();
    const std::vector<double>& all = load.latencies_ms();
    // When the loop has ended, its figures are gone: what was unanswered is answered.
    std::vector<double> recent;
    if (all.size() >= seen_) recent.assign(all.begin() + static_cast<std::ptrdiff_t>(seen_), all.end());
    const bool over = all.size() < seen_;
    seen_ = over ? seen_ : all.size();
    std::sort(recent.begin(), recent.end());
    Json memory = Json::object();
    for (const auto& [name, pid] : pids_) {
      memory[name] = std::round(usage_of(pid).memory_mib * 10) / 10;
      double& largest = largest_[name][seconds < load_seconds_ / 2 ? 0 : seconds < load_seconds_ ? 1 : 2];
      largest = std::max(largest, memory[name].get<double>());
    }
    series_.push_back({{"seconds", std::round(seconds)},
                       {"placed", load.placed()},
                       {"unanswered", over ? 0 : load.placed() - all.size()},
                       {"replies", recent.size()},
                       {"p50_ms", std::round(percentile(recent, 0.5))},
                       {"max_ms", std::round(percentile(recent, 1))},
                       {"memory_mib", std::move(memory)}});
    fmt::print(stderr, "{:>6.0f} s {:>10} placed {:>10} unanswered  {}\n", seconds, load.placed(),
               series_.back()["unanswered"].get<std::size_t>(), series_.back()["memory_mib"].dump());
  }

  Json memory() const {
    Json table = Json::object();
    for (const auto& [name, largest] : largest_) {
      const auto& [first, second, after] = largest;
      table[name] = {{"largest_in_first_half_mib", first},
                     {"largest_in_second_half_mib", second},
                     {"largest_afterwards_mib", after},
                     {"last_mib", series_.back()["memory_mib"][name]},
                     {"memory_ratio", first == 0 ? 0 : rounded(second / first)}};
    }
    return table;
  }
  std::size_t largest_unanswered() const {
    std::size_t largest = 0;
    for (const Json& note : series_) largest = std::max(largest, note["unanswered"].get<std::size_t>());
    return largest;
  }
  const Json& series() const { return series_; }

 private:
  const NamedPids& pids_;
  double load_seconds_;
  SteadyClock::time_point began_{}, next_{};
  std::size_t seen_ = 0;
  std::map<std::string, std::array<double, 3>> largest_;  // first half of the load, second half, afterwards
  Json series_ = Json::array();
};

void run(const Settings& s, const std::stop_token& stop) {
  WholeSystem system(s.target, "bench_overload", stop);
  system.receive_stock();
  system.place(s.warm_up, s.window);
  const Json closed = system.measure_closed(s.orders, s.window);
  // To replies: what comes after them may lag behind, and then it is not what bounds the load.
  const double capacity = std::round(static_cast<double>(s.orders) / closed["seconds_to_replies"].get<double>());
  const double rate = capacity * static_cast<double>(s.factor);
  const auto orders = std::llround(rate * 60 * static_cast<double>(s.minutes));
  fmt::print(stderr, "bench_overload: capacity {:.0f} orders/s; {} orders at {:.0f}/s\n", capacity, orders, rate);
  require_room(s.data, orders, kBytesAnOrder);
  Watcher watcher(system.processes(), 60 * static_cast<double>(s.minutes));
  const Json measured = system.measure_open(orders, rate, [&](const Load& load) { watcher.look(load); });
  Json result{{"benchmark", "overload"},
              {"load", fmt::format("open loop, {:.0f} orders/s, {} times the capacity, for {} min", rate, s.factor, s.minutes)},
              {"capacity_orders_per_second", capacity},
              {"rate", rate},
              {"minutes", s.minutes}};
  result.update(measured);
  result["largest_unanswered"] = watcher.largest_unanswered();
  result["memory"] = watcher.memory();
  result["series"] = watcher.series();
  print_measurement(result);
  if (watcher.largest_unanswered() < static_cast<std::size_t>(orders) / kOverloaded)
    fmt::print(stderr, "\nIt was NOT overloaded: never more than {} orders of {} were unanswered. Ask for more with --factor.\n",
               watcher.largest_unanswered(), orders);
  fmt::print(stderr, "{:<32} {:>16} {:>16} {:>16} {:>12} {:>8}\n", "memory, MiB: the largest", "in the 1st half", "in the 2nd half",
             "afterwards", "at the end", "ratio");
  for (const auto& [name, m] : result["memory"].items())
    fmt::print(stderr, "  {:<30} {:>16} {:>16} {:>16} {:>12} {:>8}\n", name, m["largest_in_first_half_mib"].dump(),
               m["largest_in_second_half_mib"].dump(), m["largest_afterwards_mib"].dump(), m["last_mib"].dump(), m["memory_ratio"].dump());
  std::cout << result.dump() << std::endl;
}

}  // namespace
}  // namespace ordersaga::bench

int main(int argc, char** argv) {
  using namespace ordersaga::bench;
  Settings settings;
  return run_benchmark(
      "bench_overload", [&] { return read_settings(argc, argv, settings); }, [&](const std::stop_token& stop) { run(settings, stop); });
}
