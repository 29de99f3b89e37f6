// The idempotent producer (acks=all). Without an explicit partition the key's murmur2 and the topic's number of partitions
// decide, as in Java's default partitioner.
//
// One thread at a time. Destroying it drops what is still in flight, without waiting; what of it was written is unknown.
// A fatal error is thrown by produce or poll as KafkaError{fatal}; deliveries known by then are in `out` before.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "runtime/kafka/bus.h"
#include "runtime/kafka/client.h"

struct rd_kafka_op_s;
struct rd_kafka_message_s;

namespace ordersaga::runtime::kafka {

struct ProducerOptions {
  // A failed message fails all that come after it in its partition, by a fatal error, so that no gap can form.
  bool gapless = false;
  // Absent: a message is tried for ever.
  std::optional<std::chrono::milliseconds> message_timeout{};
  // How long a message may wait for others to go with it.
  std::chrono::microseconds linger{500};
  // Of whole batches; whoever reads undoes it. Smaller on the wire and on disks, and cheaper for the broker to check.
  bool compress = false;
  // Limits of the local queue; produce answers false beyond them.
  std::size_t queue_messages = 100'000;
  std::size_t queue_bytes = 256U << 20;
  // Called when poll() has something to give after it had nothing, from a thread of the library. Must not block, nor call
  // the producer.
  std::function<void()> on_delivery{};
};

class KafkaProducer final : public Producer {
 public:
  KafkaProducer(const Config& config, const ProducerOptions& options);
  ~KafkaProducer() override;

  // A message that is refused at once (too large, no such topic) is reported by the next poll, like all others.
  bool produce(const OutgoingMessage& message, std::uint64_t token) override;
  bool produce_view(const MessageView& message, std::uint64_t token) override;
  void poll(std::chrono::milliseconds timeout, std::vector<Delivery>& out) override;
  std::size_t in_flight() const override { return in_flight_; }

 private:
  rd_kafka_topic_s* topic(std::string_view name);
  void serve(rd_kafka_op_s* event, std::vector<Delivery>& out);
  void report(const rd_kafka_message_s& message, std::vector<Delivery>& out);

  LogCallback log_;
  ClientHandle client_;
  QueueHandle queue_;
  std::function<void()> on_delivery_;
  std::map<std::string, TopicHandle, std::less<>> topics_;
  std::pair<std::string_view, rd_kafka_topic_s*> last_topic_{};  // most messages go where the one before went
  std::vector<HeaderView> headers_;                              // of the message that is being produced
  std::vector<Delivery> refused_;                                // not yet polled
  std::size_t in_flight_ = 0;
  bool fatal_ = false;
};

}  // namespace ordersaga::runtime::kafka
