// A member of a consumer group, range assignor (or another eager one). Offsets are stored by commit() and sent every
// `commit_interval`, at a revoke and at close.
//
// One thread at a time. At a revoke the messages of this poll that were taken before it are dropped: their new owner gets
// them. Revokes are reported after they have taken effect: commits of those partitions no longer count.
// A fatal error (another member took our static identity) is thrown as KafkaError{fatal} by poll. Brokers that are down,
// topics that are missing or forbidden are logged, and tried again for ever.
// The destructor leaves the group (unless the membership is static), waiting at most five seconds for the broker, and then
// kDestroyLimit for the client's threads.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "runtime/kafka/bus.h"
#include "runtime/kafka/client.h"

struct rd_kafka_message_s;
struct rd_kafka_topic_partition_list_s;

namespace ordersaga::runtime::kafka {

struct ConsumerOptions {
  std::string group;
  std::vector<std::string> topics;
  std::string assignor = "range";
  // Not empty: static membership; a restart within the session timeout keeps the partitions.
  std::string instance_id;
  std::chrono::milliseconds session_timeout{45'000};
  std::chrono::milliseconds max_poll_interval{300'000};
  std::chrono::milliseconds commit_interval{1'000};
  // Where a partition without a committed offset begins.
  bool from_beginning = true;
  // False: membership only; nothing is ever read.
  bool reads = true;
  // Of what is fetched and not polled yet: messages, and the bytes of their keys and values. A message takes some 500 bytes more,
  // and its headers. Nothing more is fetched beyond, until the client looks again, which may take it a second; and what has been
  // asked for by then still comes.
  std::size_t queue_messages = 20'000;
  std::size_t queue_bytes = 8 * 1024 * 1024;
  // Of one answer of a broker, as sent (its batches may be compressed): of all partitions, at least a million, and of one of them.
  // A batch that is larger comes whole.
  std::size_t fetch_bytes = 1024 * 1024;
  std::size_t partition_fetch_bytes = 128 * 1024;
};

class KafkaConsumer final : public Consumer {
 public:
  KafkaConsumer(const Config& config, const ConsumerOptions& options);
  ~KafkaConsumer() override;

  // REQUIRES: max ≥ 1. Who cannot take messages pauses the partitions, and goes on polling.
  Polled poll(std::size_t max, std::chrono::milliseconds timeout) override;
  void commit(std::string_view topic, std::int32_t partition, std::int64_t next_offset) override;
  void pause(std::string_view topic, std::int32_t partition) override;
  void resume(std::string_view topic, std::int32_t partition) override;
  void seek(std::string_view topic, std::int32_t partition, std::int64_t offset) override;

  // Records of the assigned partitions that are not done: from what commit() was last told, or else from what was last polled,
  // to the end that the broker last told. A paused partition's end is as old as its pause. Any thread.
  std::int64_t lag() const;

  // Whether no broker can be reached, as far as poll() knows. A broker that refuses connections is noticed at once, one that
  // only does not answer some seconds after the group's session has timed out; and within a second that it is over. One
  // thread, that of poll().
  bool brokers_down() const { return brokers_down_; }

  // Called by librdkafka's callback, inside of poll.
  void lost_all_brokers();
  void rebalance(bool assigned, rd_kafka_topic_partition_list_s* partitions);
  void failed(bool fatal, std::string_view text);

 private:
  void take(const rd_kafka_message_s& message, Polled& polled);
  void follow(const Rebalance& change);
  void probe_brokers();
  bool has_places() const;

  struct Place {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t next = -1;  // offset; negative: commit() was told none yet
  };

  bool reads_;
  mutable std::mutex places_mutex_;
  std::vector<Place> places_;  // of the assignment
  LogCallback log_;
  ClientHandle client_;
  std::vector<Rebalance> rebalances_;  // since the last poll returned
  bool revoked_ = false;
  bool fatal_ = false;
  bool brokers_down_ = false;
  int unanswered_probes_ = 0;
  std::chrono::steady_clock::time_point next_probe_{};
};

}  // namespace ordersaga::runtime::kafka
