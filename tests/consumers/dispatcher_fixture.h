// A dispatcher with one lane over a log in memory; Kafka, the clock and the outside are in the test's hand.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "consumers/orchestrator.h"
#include "tests/consumers/lane_fixture.h"

namespace ordersaga::consumers {

using runtime::kafka::Delivery;
using runtime::kafka::Polled;
using runtime::kafka::Rebalance;

// A topic that a test fills; paused partitions are not read.
class HandConsumer final : public runtime::kafka::Consumer {
 public:
  Polled poll(std::size_t max, std::chrono::milliseconds) override {
    Polled polled;
    polled.rebalances = std::exchange(rebalances, {});
    for (auto& [partition, queue] : waiting) {
      if (paused.contains(partition)) continue;
      while (!queue.empty() && polled.messages.size() < max) {
        polled.messages.push_back(std::move(queue.front()));
        queue.pop_front();
      }
    }
    return polled;
  }
  void commit(std::string_view, std::int32_t partition, std::int64_t next) override { committed[partition] = next; }
  void pause(std::string_view, std::int32_t partition) override { paused.insert(partition); }
  void resume(std::string_view, std::int32_t partition) override { paused.erase(partition); }
  void seek(std::string_view, std::int32_t, std::int64_t) override {}

  std::size_t left() const {
    std::size_t n = 0;
    for (const auto& [partition, queue] : waiting) n += queue.size();
    return n;
  }

  std::vector<Rebalance> rebalances;
  std::map<std::int32_t, std::deque<ConsumedMessage>> waiting;
  std::set<std::int32_t> paused;
  std::map<std::int32_t, std::int64_t> committed;
};

class HandProducer final : public runtime::kafka::Producer {
 public:
  bool produce(const OutgoingMessage& message, std::uint64_t token) override {
    sent.push_back(message);
    open.push_back(token);
    return true;
  }
  void poll(std::chrono::milliseconds, std::vector<Delivery>& out) override {
    if (stalled) return;
    for (std::uint64_t token : std::exchange(open, {})) out.push_back({token, 0, 0, fail_next-- > 0 ? "not now" : "", false});
  }
  std::size_t in_flight() const override { return open.size(); }

  bool stalled = false;
  int fail_next = 0;
  std::vector<OutgoingMessage> sent;
  std::vector<std::uint64_t> open;
};

inline Rebalance all_partitions(bool assigned) {
  Rebalance all{assigned, std::string(topics::kCommands), {}};
  for (int s = 0; s < kShards; ++s) all.partitions.push_back(s);
  return all;
}

class Dispatcher : public LaneFixture {
 protected:
  std::unique_ptr<Orchestrator> make(HandConsumer& consumer, HandProducer& producer, HandEffects& effects, OrchestratorSettings settings) {
    settings.commands_topic = std::string(topics::kCommands);
    settings.lane = settings_;
    settings.brokers_down = [this] { return brokers_down_; };
    std::vector<std::unique_ptr<events::EventStore>> stores;
    stores.push_back(std::make_unique<events::MemoryEventStore>(log_));
    return std::make_unique<Orchestrator>(consumer, producer, effects, std::move(stores), clock_, std::move(settings), [] {});
  }
  void begin(OrchestratorSettings settings = {}) {
    a_->lane.give_back();
    orchestrator_ = make(consumer_, producer_, effects_, std::move(settings));
    assign(true);
  }
  void assign(bool assigned) { consumer_.rebalances.push_back(all_partitions(assigned)); }
  void send(const ConsumedMessage& m) { consumer_.waiting[m.partition].push_back(m); }
  void send_orders(int from, int to) {
    for (int i = from; i < to; ++i) {
      std::string id = "o" + std::to_string(i);
      send(message(id, place(id, 1), "place-" + id));
    }
  }
  static void step(Orchestrator& orchestrator) {
    orchestrator.dispatch(0ms);
    orchestrator.lane(0).step();
  }
  void run(int rounds) {
    for (int i = 0; i < rounds; ++i) step(*orchestrator_);
  }

  HandConsumer consumer_;
  HandProducer producer_;
  HandEffects effects_;
  bool brokers_down_ = false;
  std::unique_ptr<Orchestrator> orchestrator_;
};

}  // namespace ordersaga::consumers
