// Kafka as this project uses it. Ports; the librdkafka adapters are in kafka_producer.h and kafka_consumer.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ordersaga::runtime::kafka {

struct Header {
  std::string name;
  std::string value;
};

// A record that was consumed.
struct ConsumedMessage {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::chrono::sys_time<std::chrono::milliseconds> timestamp{};
  std::optional<std::string> key;
  std::string value;
  std::vector<Header> headers;

  // Value of the first header of that name; nullopt when absent.
  std::optional<std::string_view> header(std::string_view name) const {
    for (const Header& h : headers)
      if (h.name == name) return h.value;
    return std::nullopt;
  }
};

// partition < 0: the topic's own number of partitions decides, by murmur2 of the key.
struct OutgoingMessage {
  std::string topic;
  std::int32_t partition = -1;
  std::optional<std::string> key;
  std::string value;
  std::vector<Header> headers;
};

// The same, lent: whoever has the bytes keeps them.
struct HeaderView {
  std::string_view name;
  std::string_view value;
};
struct MessageView {
  std::string_view topic;
  std::int32_t partition = -1;
  std::optional<std::string_view> key;
  std::string_view value;
  std::span<const HeaderView> headers;

  OutgoingMessage copy() const {
    OutgoingMessage out{std::string(topic), partition, std::nullopt, std::string(value), {}};
    if (key) out.key.emplace(*key);
    for (const HeaderView& h : headers) out.headers.push_back({std::string(h.name), std::string(h.value)});
    return out;
  }
};

// Fate of one produced message. error empty: acknowledged at `offset` of `partition`.
struct Delivery {
  std::uint64_t token = 0;
  std::int32_t partition = 0;
  std::int64_t offset = -1;
  std::string error;
  // It cannot be written there, now or by trying again: no such topic or partition, no right to it, too large.
  bool refused = false;
};

// Messages to one partition are acknowledged in the order in which they were produced. One thread at a time.
class Producer {
 public:
  virtual ~Producer() = default;
  // Hands the message over without waiting. False: the queue is full; poll, then try again.
  virtual bool produce(const OutgoingMessage& message, std::uint64_t token) = 0;
  // The same for bytes that are lent for the call.
  virtual bool produce_view(const MessageView& message, std::uint64_t token) { return produce(message.copy(), token); }
  // Appends the fates known by now to `out`, waiting up to `timeout` for the first.
  virtual void poll(std::chrono::milliseconds timeout, std::vector<Delivery>& out) = 0;
  // Messages whose fate is open.
  virtual std::size_t in_flight() const = 0;
};

struct Rebalance {
  bool assigned = false;  // else revoked (or lost)
  std::string topic;
  std::vector<std::int32_t> partitions;
};

// What a poll brings: changes of the assignment come first and hold for the messages beside them.
struct Polled {
  std::vector<Rebalance> rebalances;
  std::vector<ConsumedMessage> messages;
};

// A member of a consumer group. One thread at a time.
class Consumer {
 public:
  virtual ~Consumer() = default;
  // Waits up to `timeout` for the first, then takes what is there, at most `max` messages.
  virtual Polled poll(std::size_t max, std::chrono::milliseconds timeout) = 0;
  // Records that everything below `next_offset` is done. Takes effect within seconds, and at close; later deliveries of
  // what was done must be harmless.
  virtual void commit(std::string_view topic, std::int32_t partition, std::int64_t next_offset) = 0;
  virtual void pause(std::string_view topic, std::int32_t partition) = 0;
  virtual void resume(std::string_view topic, std::int32_t partition) = 0;
  virtual void seek(std::string_view topic, std::int32_t partition, std::int64_t offset) = 0;
};

// Reads given ranges of partitions, outside any group (tails, checks). One thread at a time.
class PartitionReader {
 public:
  struct Watermarks {
    std::int64_t low = 0;   // first offset that is there
    std::int64_t high = 0;  // one past the last
  };
  virtual ~PartitionReader() = default;
  virtual Watermarks watermarks(std::string_view topic, std::int32_t partition) = 0;
  // Up to `max` messages from `offset` on; empty at the end of the partition. What comes next may be fetched meanwhile.
  virtual std::vector<ConsumedMessage> read(std::string_view topic, std::int32_t partition, std::int64_t offset, std::size_t max) = 0;
  // No read follows for a while: nothing is fetched, nor kept, until then.
  virtual void rest() noexcept {}
};

}  // namespace ordersaga::runtime::kafka
