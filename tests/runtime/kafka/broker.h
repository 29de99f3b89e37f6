// The tests' broker: named by the environment, and topics of their own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>

#include "runtime/kafka/kafka_admin.h"

namespace ordersaga::runtime::kafka::testing {

class BrokerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* brokers = std::getenv("ORDERSAGA_TEST_BROKERS");
    if (brokers == nullptr) FAIL() << "ORDERSAGA_TEST_BROKERS is not set: it names the broker of the Kafka tests, as host:port";
    config.brokers = brokers;
  }

  // A name that no other test has.
  static std::string unique(const std::string& stem) {
    static std::atomic<int> next{0};
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    return "test." + stem + "." + std::to_string(getpid()) + "." + std::to_string(now) + "." + std::to_string(next++);
  }

  std::string make_topic(const std::string& stem, int partitions) {
    TopicSpec spec{unique(stem), partitions, 1, {}};
    KafkaAdmin(config).create_topics({&spec, 1});
    return spec.name;
  }

  Config config;
};

}  // namespace ordersaga::runtime::kafka::testing
