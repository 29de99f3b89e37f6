// bench_orders: the whole system under load, from commands on Kafka to replies, events on Kafka and rows in order_summary.
// One order in ten is declined.
//
//   bench_orders [--orders N] [--window W]      closed loop: throughput, and what an order costs
//   bench_orders --rate R --seconds S           open loop: latency
//
// Before either, --warm-up orders (10000) go through in a closed loop and are not measured.
// Prints a table on stderr and one JSON object on stdout. Figures are taken from outside: /proc, the daemons' /metrics,
// Postgres' statistics, the topics' ends.
#include <fmt/format.h>

#include <iostream>

#include "bench/whole_system.h"

namespace ordersaga::bench {
namespace {

struct Settings {
  Target target;
  std::string name = "orders";
  std::int64_t instances = 1;
  std::int64_t orders = 20'000;
  std::int64_t window = 8'000;
  std::int64_t rate = 0;
  std::int64_t seconds = 20;
  std::int64_t warm_up = 10'000;
};

std::optional<std::string> read_settings(int argc, const char* const* argv, Settings& s) {
  runtime::SettingsReader reader("bench_orders", "Measures orders from their commands on Kafka to their ends.", ORDERSAGA_VERSION);
  s.target.add_to(reader);
  reader.add("name", s.name, "of the benchmark, for its JSON");
  reader.add("instances", s.instances, "of the orchestrator and the relay, for its JSON", {1, 1'000});
  reader.add("orders", s.orders, "orders of the closed loop", {1, 9'999'999});
  reader.add("window", s.window, "orders of the closed loop that are without their replies at a time", {1, 1'000'000});
  reader.add("rate", s.rate, "orders a second of an open loop; 0: closed loop", {0, 100'000});
  reader.add("seconds", s.seconds, "how long an open loop places orders", {1, 86'400});
  reader.add("warm_up", s.warm_up, "orders placed before the measurement begins: a JVM compiles once", {0, 9'999'999});
  return reader.read(argc, argv, runtime::process_environment());
}

void run(const Settings& s, const std::stop_token& stop) {
  const bool closed = s.rate == 0;
  const std::int64_t orders = closed ? s.orders : s.rate * s.seconds;
  // Who wants an answer soon does not let a command wait for others.
  WholeSystem system(s.target, "bench_orders", stop, closed ? WholeSystem::kLinger : std::chrono::microseconds(0));
  system.receive_stock();
  system.place(s.warm_up, s.window);
  Json result{
      {"benchmark", s.name},
      {"load", closed ? fmt::format("closed loop, {} orders open at a time", s.window) : fmt::format("open loop, {} orders/s", s.rate)},
      {"instances", s.instances},
      {"warm_up", s.warm_up}};
  result.update(closed ? system.measure_closed(orders, s.window) : system.measure_open(orders, static_cast<double>(s.rate), nullptr));
  // What an open loop lets through is what it was given.
  if (!closed) result.erase("orders_per_second");
  print_measurement(result);
  std::cout << result.dump() << std::endl;
}

}  // namespace
}  // namespace ordersaga::bench

int main(int argc, char** argv) {
  using namespace ordersaga::bench;
  Settings settings;
  return run_benchmark(
      "bench_orders", [&] { return read_settings(argc, argv, settings); }, [&](const std::stop_token& stop) { run(settings, stop); });
}
