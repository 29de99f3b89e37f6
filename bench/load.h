// Orders as commands on Kafka, and their replies: the sender's side of a benchmark.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "ordersaga/common/v1/reply.pb.h"
#include "runtime/clock.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::bench {

struct LoadResult {
  double seconds = 0;  // from the first command to the last reply
  std::size_t confirmed = 0;
  std::size_t declined = 0;
  std::vector<double> latencies_ms;  // of each order: from producing the command to consuming its reply; ascending
};

// One thread. The references outlive it. `consumer` reads `reply_topic` in a group of its own. Everything throws
// std::runtime_error when an order is not answered as it must be, when the stop is requested, or when no reply has come
// for a minute.
class Load {
 public:
  // `run` begins all ids; two runs on one system must differ in it.
  Load(runtime::kafka::Producer& producer, runtime::kafka::Consumer& consumer, std::string reply_topic, std::string run,
       std::stop_token stop);

  // More than all orders can ask for; returns when all of it is accepted.
  void receive_stock();
  // Closed loop: as many orders as `window` are without their replies, until `orders` have been placed and answered.
  LoadResult closed(std::size_t orders, std::size_t window);
  // Open loop: an order every 1/rate seconds, however long replies take. Latencies count from when an order was due.
  LoadResult open(std::size_t orders, double rate);

  // Called at least every 20 ms while a loop runs.
  void watch_by(std::function<void()> watch) { watch_ = std::move(watch); }
  std::size_t placed() const { return placed_; }
  // Latencies of this loop's orders so far, in the order of their replies.
  const std::vector<double>& latencies_ms() const { return result_.latencies_ms; }

  // Begins the ids of all orders of this run.
  std::string order_prefix() const { return run_ + "-o-"; }

 private:
  struct Sent {
    std::chrono::microseconds at;
    bool declined;
  };
  void place(std::size_t index, std::chrono::microseconds due);
  void send(const std::string& key, const google::protobuf::Message& command, std::string_view reply_when);
  void collect_deliveries(std::chrono::milliseconds timeout);
  // Takes replies; waits up to `timeout` for the first.
  void receive(std::chrono::milliseconds timeout);
  void note(const common::v1::CommandReply& reply, const Sent& sent, std::chrono::microseconds now);
  LoadResult finish(std::chrono::microseconds began);

  runtime::SystemClock clock_;
  runtime::kafka::Producer& producer_;
  runtime::kafka::Consumer& consumer_;
  std::string reply_topic_;
  std::string run_;
  std::stop_token stop_;
  std::unordered_map<std::string, Sent> open_;  // by command id
  std::chrono::microseconds last_reply_{0};
  LoadResult result_;
  std::size_t placed_ = 0;
  std::function<void()> watch_;
};

}  // namespace ordersaga::bench
