#include "daemon/kafka_metrics.h"

#include <gtest/gtest.h>

#include <latch>

#include "runtime/kafka/client.h"

namespace ordersaga::daemon {
namespace {

using namespace std::chrono_literals;

// That a client of librdkafka is counted whose thread does not end is shown in tests/runtime/kafka/client_test.cc.
TEST(KafkaMetrics, count_the_clients_that_were_left_behind) {
  runtime::Metrics metrics;
  export_kafka_clients(metrics);
  auto shows = [&](std::uint64_t count) {
    return metrics.text().find("\nordersaga_kafka_clients_left_behind_total " + std::to_string(count) + "\n") != std::string::npos;
  };
  const std::uint64_t before = runtime::kafka::clients_left_behind();
  EXPECT_TRUE(shows(before)) << metrics.text();
  const auto callbacks = std::make_shared<runtime::kafka::Callbacks>([](auto, auto) {});
  const auto gate = std::make_shared<std::latch>(1);
  EXPECT_FALSE(runtime::kafka::destroy_within(20ms, "stuck", callbacks, [gate] { gate->wait(); }));
  EXPECT_TRUE(shows(before + 1)) << metrics.text();
  gate->count_down();
}

}  // namespace
}  // namespace ordersaga::daemon
