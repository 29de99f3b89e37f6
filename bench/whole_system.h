// The whole system as a benchmark sees it: where it is, load on it, and what the load has cost.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "bench/costs.h"
#include "bench/load.h"
#include "bench/system_figures.h"
#include "runtime/kafka/kafka_consumer.h"
#include "runtime/kafka/kafka_producer.h"
#include "runtime/settings.h"

namespace ordersaga::bench {

struct Target {
  std::string brokers = "127.0.0.1:9092";
  std::string database = "dbname=ordersaga user=ordersaga_operator";
  std::string metrics_url = "http://127.0.0.1:8090";
  std::string processes;

  void add_to(runtime::SettingsReader& reader);
};

// One thread. Everything throws std::runtime_error when an order is not answered as it must be, when nothing moves for two
// minutes, and when the stop is requested.
class WholeSystem {
 public:
  // `program` is measured with the daemons. The topics must be there. `linger`: how long a command may wait for others to go to Kafka
  // with it.
  WholeSystem(const Target& target, const std::string& program, std::stop_token stop, std::chrono::microseconds linger = kLinger);
  static constexpr std::chrono::microseconds kLinger{500};

  // More of each SKU than a benchmark can ask for: enough for 50 million orders.
  void receive_stock();
  // Closed loop, unmeasured: returns when the orders are answered, published and shown, and Postgres has made a checkpoint.
  void place(std::int64_t orders, std::int64_t window);
  // The same, measured.
  Json measure_closed(std::int64_t orders, std::int64_t window);
  // An open loop, measured. `watch` is called often while the load runs, and now and then until all is shown; may be null.
  Json measure_open(std::int64_t orders, double rate, const std::function<void(const Load&)>& watch);

  // Whose memory and CPU time are measured.
  const NamedPids& processes() const { return pids_; }

 private:
  Load new_load();
  void wait_until_published(const Figures& before, const std::string& prefix, std::int64_t orders);
  void wait_until_quiet();
  template <class F>
  Json measure(std::int64_t orders, F&& run);

  std::stop_token stop_;
  NamedPids pids_;
  std::string run_;
  int loads_ = 0;
  std::function<void()> watch_;
  System system_;
  runtime::kafka::KafkaConsumer consumer_;
  runtime::kafka::KafkaProducer producer_;
};

// A measurement's table, on stderr.
void print_measurement(const Json& result);

// The main() of a benchmark: reads settings by `read`, which gives a text instead when one was asked for, and calls `run`.
int run_benchmark(const char* program, const std::function<std::optional<std::string>()>& read,
                  const std::function<void(const std::stop_token&)>& run);

}  // namespace ordersaga::bench
