// A broker of a test's own, whose process may be killed and whose disk may be taken back in time. It keeps its address.
// tools/setup/servers makes it; ORDERSAGA_KAFKA_LIBS names Kafka's jars where they are not at their usual place.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/kafka/kafka_admin.h"
#include "tests/support/process.h"

namespace ordersaga::relay::testing {

class PrivateBroker {
 public:
  PrivateBroker() : folder_(std::filesystem::temp_directory_path() / ("ordersaga-broker." + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    support::Process servers(servers_script(), {"start", folder_.string(), "kafka"}, {{"ORDERSAGA_KAFKA_HEAP", "256m"}});
    const auto line = servers.wait_for_line("ORDERSAGA_TEST_BROKERS=", std::chrono::minutes(3));
    if (!line || servers.wait_for_end(std::chrono::seconds(10)) != 0) throw std::runtime_error("no broker: " + servers.output());
    const std::size_t quote = line->find('\'');
    config.brokers = line->substr(quote + 1, line->rfind('\'') - quote - 1);
  }
  ~PrivateBroker() {
    if (again_) again_->terminate(), again_->wait_for_end(std::chrono::seconds(60));
    again_.reset();
    support::Process(servers_script(), {"stop", folder_.string()}).wait_for_end(std::chrono::minutes(2));
    std::filesystem::remove_all(folder_);
  }
  PrivateBroker(const PrivateBroker&) = delete;
  PrivateBroker& operator=(const PrivateBroker&) = delete;

  // As the power would: no word to anybody, nothing flushed.
  void kill() {
    if (again_) return again_->kill();
    const pid_t pid = first_pid();
    ::kill(pid, SIGKILL);
    if (!support::eventually(std::chrono::seconds(30), [pid] { return ::kill(pid, 0) != 0 || is_zombie(pid); }))
      throw std::runtime_error("the broker does not end");
  }
  // It takes connections, and answers nothing; and goes on. REQUIRES: it was not killed before.
  void freeze() { ::kill(first_pid(), SIGSTOP); }
  void thaw() { ::kill(first_pid(), SIGCONT); }
  // Returns when it answers.
  void start_again() {
    const char* jars = std::getenv("ORDERSAGA_KAFKA_LIBS");
    const std::string path = jars == nullptr ? std::string(ORDERSAGA_SOURCE_DIR) + "/.cache/kafka" : jars;
    again_ = std::make_unique<support::Process>(
        "/usr/bin/env",  // finds java
        std::vector<std::string>{"java", "-Xmx256m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
                                 path + "/*", "kafka.Kafka", (folder_ / "kafka/server.properties").string()});
    const bool answers = support::eventually(std::chrono::minutes(2), [this] {
      try {
        return !runtime::kafka::KafkaAdmin(config, std::chrono::seconds(2)).cluster_id().empty();
      } catch (const runtime::kafka::KafkaError&) {
        return false;
      }
    });
    if (!answers) throw std::runtime_error("the broker does not start again: " + again_->output());
  }
  // REQUIRES: it does not run.
  void keep_disk() { std::filesystem::copy(data(), kept(), std::filesystem::copy_options::recursive); }
  void restore_disk() {
    std::filesystem::remove_all(data());
    std::filesystem::copy(kept(), data(), std::filesystem::copy_options::recursive);
  }

  runtime::kafka::Config config;

 private:
  static std::string servers_script() { return std::string(ORDERSAGA_SOURCE_DIR) + "/tools/setup/servers"; }
  pid_t first_pid() const {
    pid_t pid = 0;
    std::ifstream(folder_ / "kafka/pid") >> pid;
    if (pid <= 1) throw std::runtime_error("the broker's pid is not known");
    return pid;
  }
  // Ended, and not yet reaped by whoever adopted it.
  static bool is_zombie(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    return text.find(") Z ") != std::string::npos;
  }
  std::filesystem::path data() const { return folder_ / "kafka/data"; }
  std::filesystem::path kept() const { return folder_ / "kept"; }

  std::filesystem::path folder_;
  std::unique_ptr<support::Process> again_;
};

}  // namespace ordersaga::relay::testing
