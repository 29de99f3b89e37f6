#include "bench/whole_system.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <stdexcept>

#include "bench/statistics.h"
#include "runtime/kafka/kafka_admin.h"
#include "runtime/shutdown.h"
#include "runtime/system_random.h"
#include "schemas/headers.h"

namespace ordersaga::bench {
namespace {

using namespace std::chrono_literals;
namespace kafka = runtime::kafka;
using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view kReplyTopic = "ordersaga.replies.bench.v1";
// Rarely, since each look costs the system under load a count of all orders: at most this, and a twentieth of the time.
constexpr SteadyClock::duration kLookEvery = 200ms;
constexpr int kLookShare = 20;
// The second step of the fulfilment may still run.
constexpr auto kRest = 1500ms;
constexpr auto kPatience = 120s;

kafka::Config config_of(const Target& target, const std::string& program) {
  kafka::Config config;
  config.brokers = target.brokers;
  config.client_id = program;
  return config;
}

// Makes the topic of the replies, and gives how to read it.
kafka::ConsumerOptions membership(const kafka::Config& config, const std::string& run) {
  kafka::KafkaAdmin admin(config);
  const std::string commands[] = {std::string(topics::kCommands)};
  if (!admin.missing(commands).empty()) throw kafka::KafkaError("the topics are missing: sagactl topic create makes them");
  const kafka::TopicSpec replies[] = {
      {.name = std::string(kReplyTopic), .partitions = admin.partition_counts().at(commands[0]), .config = {{"retention.ms", "86400000"}}}};
  admin.create_topics(replies);
  kafka::ConsumerOptions options;
  options.group = "ordersaga." + run;
  options.topics = {std::string(kReplyTopic)};
  return options;
}

Json figures_of(std::int64_t orders, const LoadResult& answered, double all) {
  return {{"orders", orders},
          {"confirmed", answered.confirmed},
          {"declined", answered.declined},
          {"seconds_to_replies", rounded(answered.seconds)},
          {"seconds_to_all", rounded(all)},
          {"orders_per_second", std::round(static_cast<double>(orders) / all)},
          {"p50_ms", rounded(percentile(answered.latencies_ms, 0.5))},
          {"p99_ms", rounded(percentile(answered.latencies_ms, 0.99))},
          {"max_ms", rounded(percentile(answered.latencies_ms, 1))}};
}

}  // namespace

void Target::add_to(runtime::SettingsReader& reader) {
  reader.add("brokers", brokers, "Kafka's bootstrap servers");
  reader.add("database", database, "Postgres, as a libpq connection string");
  reader.add("metrics_url", metrics_url, "http://host:port of each ordersagad, separated by commas");
  reader.add("processes", processes, "whose CPU time and memory to measure: name=pid,name=pid…");
}

WholeSystem::WholeSystem(const Target& target, const std::string& program, std::stop_token stop, std::chrono::microseconds linger)
    : stop_(std::move(stop)),
      pids_(parse_processes(target.processes)),
      run_(fmt::format("bench-{:08x}", runtime::SystemRandom().next() & 0xffffffffU)),
      system_(config_of(target, program), target.database, target.metrics_url),
      consumer_(config_of(target, program), membership(config_of(target, program), run_)),
      producer_(config_of(target, program), {.linger = linger}) {
  pids_.emplace_back(program, getpid());
}

Load WholeSystem::new_load() {
  return {producer_, consumer_, std::string(kReplyTopic), fmt::format("{}-{}", run_, loads_++), stop_};
}

void WholeSystem::receive_stock() {
  new_load().receive_stock();
}

void WholeSystem::place(std::int64_t orders, std::int64_t window) {
  if (orders > 0) {
    Load load = new_load();
    const Figures before = system_.figures();
    load.closed(static_cast<std::size_t>(orders), static_cast<std::size_t>(window));
    wait_until_published(before, load.order_prefix(), orders);
  }
  wait_until_quiet();
  system_.checkpoint();
}

// The replies are there; returns when all records until then are events on Kafka, and all orders in order_summary.
void WholeSystem::wait_until_published(const Figures& before, const std::string& prefix, std::int64_t orders) {
  const std::string events(topics::kEvents);
  const std::int64_t target = before.messages.at(events) + system_.counter("ordersaga_events_appended_total") - before.records;
  std::int64_t messages = 0, shown = 0;
  for (auto moved = SteadyClock::now();;) {
    const auto began = SteadyClock::now();
    const std::int64_t messages_now = system_.messages(events);
    const std::int64_t shown_now = messages_now < target ? shown : system_.orders_shown(prefix);
    const auto ended = SteadyClock::now();
    if (watch_) watch_();
    if (messages_now >= target && shown_now >= orders) return;
    if (messages_now != messages || shown_now != shown) moved = ended;
    messages = messages_now;
    shown = shown_now;
    if (ended - moved > kPatience)
      throw std::runtime_error(fmt::format("nothing has moved for {} s: {} of {} events on Kafka, {} of {} orders in order_summary",
                                           kPatience.count(), messages, target, shown, orders));
    const auto rest = std::max(kLookEvery, (ended - began) * kLookShare);
    if (runtime::sleep_unless_stopped(stop_, std::chrono::ceil<std::chrono::milliseconds>(rest))) throw std::runtime_error("interrupted");
  }
}

// Returns when nothing has been appended for a while: nothing is left to be done for the orders but to be packed.
void WholeSystem::wait_until_quiet() {
  for (std::int64_t last = -1, now = 0; last != now; last = now, now = system_.counter("ordersaga_events_appended_total"))
    if (runtime::sleep_unless_stopped(stop_, kRest)) throw std::runtime_error("interrupted");
}

// `run` places orders by a Load, and returns when all are answered.
template <class F>
Json WholeSystem::measure(std::int64_t orders, F&& run) {
  Load load = new_load();
  const Snapshot before = look_before(system_, pids_, stop_);
  const auto began = SteadyClock::now();
  const LoadResult answered = run(load);
  wait_until_published(before.figures, load.order_prefix(), orders);
  const double all = std::chrono::duration<double>(SteadyClock::now() - began).count();
  watch_ = nullptr;
  wait_until_quiet();
  const Snapshot after = look_after(system_, pids_, stop_);
  Json result = figures_of(orders, answered, all);
  result.update(costs(before, after, static_cast<double>(orders)));
  return result;
}

Json WholeSystem::measure_closed(std::int64_t orders, std::int64_t window) {
  return measure(orders, [&](Load& load) { return load.closed(static_cast<std::size_t>(orders), static_cast<std::size_t>(window)); });
}

Json WholeSystem::measure_open(std::int64_t orders, double rate, const std::function<void(const Load&)>& watch) {
  return measure(orders, [&](Load& load) {
    if (watch) load.watch_by(watch_ = [&] { watch(load); });
    return load.open(static_cast<std::size_t>(orders), rate);
  });
}

void print_measurement(const Json& result) {
  fmt::print(stderr, "\n{}\n", result["load"].get<std::string>());
  for (const char* name :
       {"orders", "confirmed", "declined", "seconds_to_replies", "seconds_to_all", "orders_per_second", "p50_ms", "p99_ms", "max_ms"})
    if (result.contains(name)) fmt::print(stderr, "  {:<28} {:>12}\n", name, result[name].dump());
  print_costs(result);
}

int run_benchmark(const char* program, const std::function<std::optional<std::string>()>& read,
                  const std::function<void(const std::stop_token&)>& run) {
  try {
    if (const auto text = read()) {
      std::cout << *text;
      return 0;
    }
    runtime::Shutdown shutdown(std::chrono::seconds(10));
    run(shutdown.token());
    return 0;
  } catch (const runtime::SettingsError& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 1;
  }
}

}  // namespace ordersaga::bench
