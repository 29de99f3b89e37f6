// bench_orders: the whole system under load, from commands on Kafka to replies, events on Kafka and rows in order_summary.
// One order in ten is declined.
//
//   bench_orders [--orders N] [--window W]      closed loop: throughput, and what an order costs
//   bench_orders --rate R --seconds S           open loop: latency
//
// Before either, --warm-up orders (10000) go through in a closed loop and are not measured.
// Prints a table on stderr and one JSON object on stdout. Figures are taken from outside: /proc, the daemon's /metrics,
// Postgres' statistics, the topics' ends.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/costs.h"
#include "bench/load.h"
#include "bench/statistics.h"
#include "bench/system_figures.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/kafka/kafka_producer.h"
#include "runtime/settings.h"
#include "runtime/shutdown.h"
#include "runtime/system_random.h"
#include "schemas/headers.h"

namespace ordersaga::bench {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;
namespace kafka = runtime::kafka;

constexpr std::string_view kReplyTopic = "ordersaga.replies.bench.v1";
// Rarely, since each look costs the system under load a count of all orders.
constexpr auto kLookEvery = 200ms;
// The second step of the fulfilment may still run.
constexpr auto kRest = 1500ms;
constexpr auto kPatience = 120s;

struct Settings {
  std::string brokers = "127.0.0.1:9092";
  std::string database = "dbname=ordersaga user=ordersaga_operator";
  std::string metrics_url = "http://127.0.0.1:8090";
  std::string processes;
  std::int64_t orders = 20'000;
  std::int64_t window = 2'000;
  std::int64_t rate = 0;
  std::int64_t seconds = 20;
  std::int64_t warm_up = 10'000;
};

std::optional<std::string> read_settings(int argc, const char* const* argv, Settings& s) {
  runtime::SettingsReader reader("bench_orders", "Measures orders from their commands on Kafka to their ends.", ORDERSAGA_VERSION);
  reader.add("brokers", s.brokers, "Kafka's bootstrap servers");
  reader.add("database", s.database, "Postgres, as a libpq connection string");
  reader.add("metrics_url", s.metrics_url, "http://host:port of each ordersagad, separated by commas");
  reader.add("processes", s.processes, "whose CPU time and memory to measure: name=pid,name=pid…");
  reader.add("orders", s.orders, "orders of the closed loop", {1, 9'999'999});
  reader.add("window", s.window, "orders of the closed loop that are without their replies at a time", {1, 1'000'000});
  reader.add("rate", s.rate, "orders a second of an open loop; 0: closed loop", {0, 100'000});
  reader.add("seconds", s.seconds, "how long an open loop places orders", {1, 86'400});
  reader.add("warm_up", s.warm_up, "orders placed before the measurement begins: a JVM compiles once", {0, 9'999'999});
  return reader.read(argc, argv, runtime::process_environment());
}

// The replies are there; returns when all records until then are events on Kafka, and all orders in order_summary.
void wait_until_published(System& system, const Figures& before, const std::string& prefix, std::int64_t orders,
                          const std::stop_token& stop) {
  const std::string events(topics::kEvents);
  const std::int64_t target = before.messages.at(events) + system.counter("ordersaga_events_appended_total") - before.records;
  const auto began = std::chrono::steady_clock::now();
  while (system.messages(events) < target || system.orders_shown(prefix) < orders) {
    if (runtime::sleep_unless_stopped(stop, kLookEvery)) throw std::runtime_error("interrupted");
    if (std::chrono::steady_clock::now() - began > kPatience)
      throw std::runtime_error(fmt::format("after {} s: {} of {} events on Kafka, {} of {} orders in order_summary", kPatience.count(),
                                           system.messages(events), target, system.orders_shown(prefix), orders));
  }
}

// Returns when nothing has been appended for a while: nothing is left to be done for the orders but to be packed.
void wait_until_quiet(System& system, const std::stop_token& stop) {
  for (std::int64_t last = -1, now = 0; last != now; last = now, now = system.counter("ordersaga_events_appended_total"))
    if (runtime::sleep_unless_stopped(stop, kRest)) throw std::runtime_error("interrupted");
}

void print_table(const Json& result) {
  fmt::print(stderr, "\n{}\n", result["load"].get<std::string>());
  for (const char* name :
       {"orders", "confirmed", "declined", "seconds_to_replies", "seconds_to_all", "orders_per_second", "p50_ms", "p99_ms", "max_ms"})
    if (result.contains(name)) fmt::print(stderr, "  {:<28} {:>12}\n", name, result[name].dump());
  print_costs(result);
}

// Load and waiting; `load` places orders and returns when all are answered.
Json measure(Load& load, System& system, const NamedPids& pids, const Settings& s, const std::stop_token& stop) {
  const bool closed = s.rate == 0;
  const std::int64_t orders = closed ? s.orders : s.rate * s.seconds;
  const Snapshot before = look_before(system, pids, stop);
  const auto began = std::chrono::steady_clock::now();
  const LoadResult answered = closed ? load.closed(static_cast<std::size_t>(orders), static_cast<std::size_t>(s.window))
                                     : load.open(static_cast<std::size_t>(orders), static_cast<double>(s.rate));
  wait_until_published(system, before.figures, load.order_prefix(), orders, stop);
  const double all = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  wait_until_quiet(system, stop);
  const Snapshot after = look_after(system, pids, stop);

  Json result{
      {"benchmark", "orders"},
      {"load", closed ? fmt::format("closed loop, {} orders open at a time", s.window) : fmt::format("open loop, {} orders/s", s.rate)},
      {"orders", orders},
      {"warm_up", s.warm_up},
      {"confirmed", answered.confirmed},
      {"declined", answered.declined},
      {"seconds_to_replies", rounded(answered.seconds)},
      {"seconds_to_all", rounded(all)}};
  if (closed) result["orders_per_second"] = std::round(static_cast<double>(orders) / all);
  result["p50_ms"] = rounded(percentile(answered.latencies_ms, 0.5));
  result["p99_ms"] = rounded(percentile(answered.latencies_ms, 0.99));
  result["max_ms"] = rounded(percentile(answered.latencies_ms, 1));
  result.update(costs(before, after, static_cast<double>(orders)));
  return result;
}

void run(const Settings& s, const std::stop_token& stop) {
  NamedPids pids = parse_processes(s.processes);
  pids.emplace_back("bench_orders", getpid());
  kafka::Config config;
  config.brokers = s.brokers;
  config.client_id = "bench_orders";
  {
    kafka::KafkaAdmin admin(config);
    const std::string commands[] = {std::string(topics::kCommands)};
    if (!admin.missing(commands).empty()) throw kafka::KafkaError("the topics are missing: sagactl topic create makes them");
    const kafka::TopicSpec replies[] = {{.name = std::string(kReplyTopic),
                                         .partitions = admin.partition_counts().at(commands[0]),
                                         .config = {{"retention.ms", "86400000"}}}};
    admin.create_topics(replies);
  }
  System system(config, s.database, s.metrics_url);
  const std::string run_id = fmt::format("bench-{:08x}", runtime::SystemRandom().next() & 0xffffffffU);
  kafka::ConsumerOptions membership;
  membership.group = "ordersaga." + run_id;
  membership.topics = {std::string(kReplyTopic)};
  kafka::KafkaConsumer consumer(config, membership);
  kafka::KafkaProducer producer(config, {});
  Load load(producer, consumer, std::string(kReplyTopic), run_id, stop);
  load.receive_stock();
  if (s.warm_up > 0) {
    Load warm_up(producer, consumer, std::string(kReplyTopic), run_id + "-w", stop);
    const Figures before = system.figures();
    warm_up.closed(static_cast<std::size_t>(s.warm_up), static_cast<std::size_t>(s.window));
    wait_until_published(system, before, warm_up.order_prefix(), s.warm_up, stop);
  }
  wait_until_quiet(system, stop);
  const Json result = measure(load, system, pids, s, stop);
  print_table(result);
  std::cout << result.dump() << "\n";
}

}  // namespace
}  // namespace ordersaga::bench

int main(int argc, char** argv) {
  using namespace ordersaga;
  bench::Settings settings;
  try {
    if (auto text = bench::read_settings(argc, argv, settings)) {
      std::cout << *text;
      return 0;
    }
  } catch (const runtime::SettingsError& error) {
    fmt::print(stderr, "bench_orders: {}\n", error.what());
    return 2;
  }
  try {
    runtime::Shutdown shutdown(std::chrono::seconds(10));
    bench::run(settings, shutdown.token());
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_orders: {}\n", error.what());
    return 1;
  }
}
