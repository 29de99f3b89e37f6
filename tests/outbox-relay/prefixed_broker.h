#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "outbox-relay/kafka_broker.h"

namespace ordersaga::relay::testing {

// The relay's topics under names that no other test has.
class PrefixedBroker final : public Broker, private runtime::kafka::PartitionReader {
 public:
  PrefixedBroker(const runtime::kafka::Config& config, std::string prefix, std::function<void()> on_delivery = {})
      : real_(config, std::move(on_delivery)), prefix_(std::move(prefix)) {}

  std::unique_ptr<runtime::kafka::Producer> new_producer(Use use) override {
    return std::make_unique<PrefixedProducer>(real_.new_producer(use), prefix_);
  }
  runtime::kafka::PartitionReader& reader() override { return *this; }
  std::string cluster_id() override { return real_.cluster_id(); }

 private:
  struct PrefixedProducer final : runtime::kafka::Producer {
    PrefixedProducer(std::unique_ptr<Producer> p, const std::string& x) : real(std::move(p)), prefix(x) {}
    bool produce(const runtime::kafka::OutgoingMessage& message, std::uint64_t token) override {
      runtime::kafka::OutgoingMessage renamed = message;
      renamed.topic = prefix + message.topic;
      return real->produce(renamed, token);
    }
    void poll(std::chrono::milliseconds timeout, std::vector<runtime::kafka::Delivery>& out) override { real->poll(timeout, out); }
    std::size_t in_flight() const override { return real->in_flight(); }
    std::unique_ptr<Producer> real;
    std::string prefix;
  };

  Watermarks watermarks(std::string_view topic, std::int32_t partition) override {
    return real_.reader().watermarks(prefix_ + std::string(topic), partition);
  }
  std::vector<runtime::kafka::ConsumedMessage> read(std::string_view topic, std::int32_t partition, std::int64_t offset,
                                                    std::size_t max) override {
    return real_.reader().read(prefix_ + std::string(topic), partition, offset, max);
  }
  void rest() noexcept override { real_.reader().rest(); }

  KafkaBroker real_;
  std::string prefix_;
};

}  // namespace ordersaga::relay::testing
