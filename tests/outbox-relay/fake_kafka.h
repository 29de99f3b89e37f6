// Kafka in memory, as the relay sees it: partitions, an idempotent and gapless producer whose deliveries can fail in the
// ways in which real ones do, and what a dropped producer had under way, which may still arrive.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outbox-relay/broker.h"
#include "runtime/kafka/client.h"

namespace ordersaga::relay::testing {

using runtime::kafka::ConsumedMessage;
using runtime::kafka::Delivery;
using runtime::kafka::OutgoingMessage;

enum class Fault {
  none,
  error,     // not written, and reported so
  lost_ack,  // written, and reported as failed
  fatal,     // the producer throws
};

class FakeKafka final : public Broker, public runtime::kafka::PartitionReader {
 public:
  using Partition = std::pair<std::string, std::int32_t>;

  // What becomes of the n-th message that any producer tries to write, from 0.
  std::map<std::uint64_t, Fault> faults;
  // Topics that do not exist.
  std::set<std::string> missing;
  // Messages that are written in one poll.
  std::size_t per_poll = 3;
  std::size_t replies_per_poll = 3;  // of those for replies
  // Messages that a producer takes before it says that its queue is full.
  std::size_t queue_limit = 1'000;
  std::string id = "cluster-1";
  bool silent = false;  // nothing answers
  // Whether the reader may fetch what comes next, and how often it was told that it need not.
  bool reads_ahead = false;
  int rests = 0;

  const std::vector<ConsumedMessage>& messages(const Partition& p) { return partitions_[p].messages; }
  std::map<std::string, int> count_by_topic() const {
    std::map<std::string, int> counts;
    for (const auto& [p, partition] : partitions_) counts[p.first] += static_cast<int>(partition.messages.size());
    return counts;
  }
  void wipe() { partitions_.clear(), late_.clear(); }
  // Drops the oldest messages of a partition.
  void trim(const Partition& p, std::int64_t low) {
    auto& partition = partitions_[p];
    std::erase_if(partition.messages, [&](const ConsumedMessage& m) { return m.offset < low; });
    partition.low = low;
  }
  void write(OutgoingMessage m) { append(m); }
  // What dropped producers had under way arrives: up to `count` messages of each, in their order in each partition.
  void deliver_late(std::size_t count) {
    for (std::deque<OutgoingMessage>& queue : late_)
      for (std::size_t i = 0; i < count && !queue.empty(); ++i) {
        append(queue.front());
        queue.pop_front();
      }
  }
  std::uint64_t tries() const { return tries_; }

  std::unique_ptr<runtime::kafka::Producer> new_producer(Use use) override { return answer(), std::make_unique<FakeProducer>(*this, use); }
  runtime::kafka::PartitionReader& reader() override { return *this; }
  std::string cluster_id() override { return answer(), id; }

  Watermarks watermarks(std::string_view topic, std::int32_t partition) override {
    answer();
    const Log& log = partitions_[{std::string(topic), partition}];
    return {log.low, log.low + static_cast<std::int64_t>(log.messages.size())};
  }
  std::vector<ConsumedMessage> read(std::string_view topic, std::int32_t partition, std::int64_t offset, std::size_t max) override {
    answer();
    reads_ahead = true;
    const Log& log = partitions_[{std::string(topic), partition}];
    std::vector<ConsumedMessage> out;
    for (const ConsumedMessage& m : log.messages)
      if (m.offset >= offset && out.size() < max) out.push_back(m);
    return out;
  }
  void rest() noexcept override { reads_ahead = false, ++rests; }

 private:
  struct Log {
    std::int64_t low = 0;
    std::vector<ConsumedMessage> messages;
  };

  class FakeProducer final : public runtime::kafka::Producer {
   public:
    FakeProducer(FakeKafka& kafka, Use use) : kafka_(kafka), use_(use) {}
    ~FakeProducer() override {
      std::deque<OutgoingMessage> rest;
      for (auto& [message, token] : queue_) rest.push_back(std::move(message));
      if (!failed_ && !rest.empty()) kafka_.late_.push_back(std::move(rest));
    }
    bool produce(const OutgoingMessage& message, std::uint64_t token) override {
      if (queue_.size() >= kafka_.queue_limit) return false;
      queue_.emplace_back(message, token);
      return true;
    }
    void poll(std::chrono::milliseconds, std::vector<Delivery>& out) override {
      for (std::size_t i = 0; i < (use_ == Use::log ? kafka_.per_poll : kafka_.replies_per_poll) && !queue_.empty(); ++i) {
        auto [message, token] = std::move(queue_.front());
        queue_.pop_front();
        deliver(message, token, out);
      }
    }
    std::size_t in_flight() const override { return queue_.size(); }

   private:
    void deliver(const OutgoingMessage& message, std::uint64_t token, std::vector<Delivery>& out) {
      Delivery& delivery = out.emplace_back();
      delivery.token = token;
      delivery.partition = message.partition;
      if (failed_) {
        delivery.error = "a message before it failed";
        return;
      }
      if (kafka_.missing.contains(message.topic)) {
        delivery.error = message.topic + ": unknown topic";
        delivery.refused = true;
        return;
      }
      const auto found = kafka_.faults.find(kafka_.tries_++);
      const Fault fault = found == kafka_.faults.end() ? Fault::none : found->second;
      if (fault != Fault::error) delivery.offset = kafka_.append(message);
      if (fault == Fault::none) return;
      failed_ = true;
      delivery.error = "failed";
      delivery.offset = -1;
      if (fault == Fault::fatal) throw runtime::kafka::KafkaError("fatal", true);
    }

    FakeKafka& kafka_;
    Use use_;
    std::deque<std::pair<OutgoingMessage, std::uint64_t>> queue_;
    bool failed_ = false;
  };

  void answer() const {
    if (silent) throw runtime::kafka::KafkaError("no answer");
  }
  std::int64_t append(const OutgoingMessage& m) {
    Log& log = partitions_[{m.topic, m.partition}];
    ConsumedMessage& c = log.messages.emplace_back();
    c.topic = m.topic;
    c.partition = m.partition;
    c.offset = log.low + static_cast<std::int64_t>(log.messages.size()) - 1;
    c.key = m.key;
    c.value = m.value;
    c.headers = m.headers;
    return c.offset;
  }

  std::map<Partition, Log> partitions_;
  std::vector<std::deque<OutgoingMessage>> late_;
  std::uint64_t tries_ = 0;
};

}  // namespace ordersaga::relay::testing
