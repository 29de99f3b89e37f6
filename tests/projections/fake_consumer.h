// The events topic in memory, and a member of its one group.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/kafka/bus.h"
#include "schemas/headers.h"

namespace ordersaga::projections::testing {

struct FakeTopic {
  std::map<std::int32_t, std::vector<runtime::kafka::ConsumedMessage>> partitions;
  std::map<std::int32_t, std::int64_t> committed;

  // At the partition's end; the message gets its offset.
  void publish(runtime::kafka::ConsumedMessage message) {
    auto& partition = partitions[message.partition];
    message.offset = static_cast<std::int64_t>(partition.size());
    partition.push_back(std::move(message));
  }
};

class FakeConsumer final : public runtime::kafka::Consumer {
 public:
  // Starts where the group's commits are, as a new member would.
  FakeConsumer(FakeTopic& topic, const std::vector<std::int32_t>& partitions) : topic_(topic) { assign(partitions); }

  void assign(const std::vector<std::int32_t>& partitions) {
    changes_.push_back({true, std::string(topics::kEvents), partitions});
    for (std::int32_t p : partitions) next_[p] = topic_.committed[p];
  }
  void revoke(const std::vector<std::int32_t>& partitions) {
    changes_.push_back({false, std::string(topics::kEvents), partitions});
    for (std::int32_t p : partitions) next_.erase(p), paused_.erase(p);
  }

  runtime::kafka::Polled poll(std::size_t max, std::chrono::milliseconds) override {
    runtime::kafka::Polled polled;
    polled.rebalances = std::exchange(changes_, {});
    for (auto& [partition, next] : next_) {
      const auto& messages = topic_.partitions[partition];
      while (!paused_.contains(partition) && polled.messages.size() < max && next < static_cast<std::int64_t>(messages.size()))
        polled.messages.push_back(messages[static_cast<std::size_t>(next++)]);
    }
    return polled;
  }
  void commit(std::string_view, std::int32_t partition, std::int64_t next_offset) override { topic_.committed[partition] = next_offset; }
  void pause(std::string_view, std::int32_t partition) override { paused_.insert(partition); }
  void resume(std::string_view, std::int32_t partition) override { paused_.erase(partition); }
  void seek(std::string_view, std::int32_t partition, std::int64_t offset) override { next_[partition] = offset; }

  bool is_paused(std::int32_t partition) const { return paused_.contains(partition); }

 private:
  FakeTopic& topic_;
  std::vector<runtime::kafka::Rebalance> changes_;
  std::map<std::int32_t, std::int64_t> next_;
  std::set<std::int32_t> paused_;
};

}  // namespace ordersaga::projections::testing
