// What all librdkafka clients of ours have in common: configuration, log, errors, and handles that free themselves.
//
// Traps of librdkafka 2.0.2, and where they are handled:
// - A message that times out leaves a gap even with the gapless option: KafkaProducer never lets one time out unless asked to.
// - Duplicates after certain broker errors (fixed in 2.1.1, 2.3.0 and 2.4.0): who needs exactness drops the producer at the
//   first failed delivery, and starts again from what is in the topic (outbox-relay/relay.h).
// - A deleted and created topic is acknowledged at offset 0 as if nothing had happened: deliveries carry their offset, and
//   the relay insists that it rises.
// - A topic that is missing is remembered as missing until the next refresh: topic.metadata.refresh.interval.ms is 10 s
//   here, topic.metadata.propagation.max.ms 5 s.
// - rd_kafka_consume_batch_queue waits for a full batch, hands out messages of partitions that were revoked in the middle of
//   one, and loses a message when a callback yields: KafkaConsumer polls message by message (0.3 µs each).
// - An offset of a partition that is no longer assigned cannot be stored: the new owner must not be overruled.
//   KafkaConsumer::commit ignores exactly this error.
// - max.poll.interval.ms (a stalled poll loop) and session.timeout.ms (a frozen process) are different detectors; both end
//   in a revoke that the consumer reports.
// - rd_kafka_consumer_close waits for as long as the broker is silent: ours gives up after five seconds.
// - rd_kafka_destroy joins the client's threads, and one of a broker may never end (seen after the cluster's id had changed
//   under the client): destroy_within gives up after kDestroyLimit.
// - auto.offset.reset answers an offset above the end with the beginning: KafkaPartitionReader turns it off.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;

namespace ordersaga::runtime::kafka {

// The client cannot do what was asked. fatal: this client never will; drop it and make another.
struct KafkaError : std::runtime_error {
  KafkaError(const std::string& what, bool fatal_error = false) : std::runtime_error(what), fatal(fatal_error) {}
  bool fatal;
};

enum class Severity { debug, info, warning, error };
// Called from any thread, also librdkafka's own. Must not throw, block, or call the client.
using LogCallback = std::function<void(Severity severity, std::string_view text)>;

struct Config {
  std::string brokers;  // host:port, comma-separated
  std::string client_id = "ordersaga";
  // librdkafka's own settings; they overrule ours. Throws KafkaError for one that it does not know.
  std::vector<std::pair<std::string, std::string>> extra;
  // Absent: the process's log. Brokers that are down are reported here, and tried again for ever.
  LogCallback log;
};

// What callbacks find behind a client's opaque pointer. Lives for as long as the client does, which may be longer than its
// owner: see destroy_within. Any thread.
class Callbacks {
 public:
  // Absent log: the process's.
  explicit Callbacks(LogCallback log, void* owner = nullptr);
  void log(Severity severity, std::string_view text);
  // No call of the log is under way when it returns, and none follows.
  void silence();
  // Only for callbacks that the owner's own calls serve.
  void* owner() const { return owner_; }

 private:
  std::mutex mutex_;  // held while the log is called
  LogCallback log_;   // absent: silenced
  void* owner_;
};

// A configuration until a client takes it.
class Conf {
 public:
  // What librdkafka reports without a call of ours goes to the configuration's log.
  explicit Conf(const Config& config, void* owner = nullptr);
  ~Conf();
  Conf(const Conf&) = delete;
  Conf& operator=(const Conf&) = delete;

  void set(const std::string& name, const std::string& value);
  // After all of ours.
  void apply_extra();
  rd_kafka_conf_s* get() const { return conf_; }
  rd_kafka_conf_s* release() { return std::exchange(conf_, nullptr); }
  const std::shared_ptr<Callbacks>& callbacks() const { return callbacks_; }

 private:
  const Config& config_;
  std::shared_ptr<Callbacks> callbacks_;
  rd_kafka_conf_s* conf_;
};

// With the limit before it, of closing a consumer, less than the grace of a process that is told to stop.
constexpr std::chrono::seconds kDestroyLimit{3};

// Calls `destroy`, which frees the client called `name`, on a thread of its own, and waits until that has ended, or for
// `limit`. When that was not enough an error goes to the log of `callbacks`, which are silenced: what belongs to the caller may
// then be freed, whatever the client still does. The client, its threads and `callbacks` stay until it ends after all, or the
// process does. Returns whether it ended in time. Waits without a limit when there is no thread to be had.
bool destroy_within(std::chrono::milliseconds limit, std::string_view name, const std::shared_ptr<Callbacks>& callbacks,
                    const std::function<void()>& destroy);

// How often that was not enough, since the process began. Any thread.
std::uint64_t clients_left_behind();

// Within kDestroyLimit. A producer's queue is dropped first; only what a thread that does not end has taken from it may still be
// sent by a client that is left behind.
struct DestroyClient {
  std::shared_ptr<Callbacks> callbacks{};  // of the client; absent for one that was made without a Conf
  void operator()(rd_kafka_s* client) const noexcept;
};
struct DestroyQueue {
  void operator()(rd_kafka_queue_s* queue) const noexcept;
};
struct DestroyTopic {
  void operator()(rd_kafka_topic_s* topic) const noexcept;
};
using ClientHandle = std::unique_ptr<rd_kafka_s, DestroyClient>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_s, DestroyQueue>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_s, DestroyTopic>;

enum class ClientKind { producer, consumer };
// Throws KafkaError when the configuration does not make a client. Does not wait for a broker.
ClientHandle make_client(ClientKind kind, Conf& conf);

// Text of the client's fatal error.
std::string fatal_error_of(rd_kafka_s* client);

// What a callback absent from the configuration does: one line in the process's log.
LogCallback log_or_default(const Config& config);

}  // namespace ordersaga::runtime::kafka
