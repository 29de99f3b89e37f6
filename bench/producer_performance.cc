#include "bench/producer_performance.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>
#include <regex>
#include <stdexcept>

namespace ordersaga::bench {

namespace {

struct ClosePipe {
  void operator()(std::FILE* pipe) const noexcept { pclose(pipe); }
};

}  // namespace

double producer_performance(const PeerRun& run) {
  const std::string command = fmt::format(
      "java -Xmx512m -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp '{}/*' org.apache.kafka.tools.ProducerPerformance "
      "--topic '{}' --num-records {} --record-size {} --throughput -1 --producer-props bootstrap.servers={} acks=all "
      "enable.idempotence=true {} 2>&1",
      run.jars, run.topic, run.records, run.record_bytes, run.brokers, run.properties);
  const std::unique_ptr<std::FILE, ClosePipe> pipe(popen(command.c_str(), "r"));
  if (!pipe) throw std::runtime_error("java cannot be started");
  std::string output;
  for (std::array<char, 4096> part{}; std::fgets(part.data(), part.size(), pipe.get()) != nullptr;) output += part.data();
  // The last line is the whole run's: "1000000 records sent, 187000.1 records/sec (…".
  static const std::regex kTotal(fmt::format("{} records sent, ([0-9.]+) records/sec", run.records));
  std::smatch found;
  if (!std::regex_search(output, found, kTotal)) throw std::runtime_error("ProducerPerformance says: " + output);
  return std::stod(found[1]);
}

}  // namespace ordersaga::bench
