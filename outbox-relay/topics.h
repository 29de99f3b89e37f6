// The table of our topics: what an installation must have, and with which settings.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/kafka/kafka_admin.h"

namespace ordersaga::relay {

// How long each kind of topic keeps a message. A message that is older than that is not sent again when the log is
// published anew.
inline constexpr std::chrono::hours kEventsRetention{24 * 30};
inline constexpr std::chrono::hours kCommandsRetention{24 * 7};
inline constexpr std::chrono::hours kRepliesRetention{24};
inline constexpr std::chrono::hours kDlqRetention{24 * 14};

struct Topic {
  std::string_view name;
  std::chrono::hours retention;
  // The broker's clock stamps the messages, not the sender's.
  bool log_append_time;
};

// Those that every installation has; each has a partition for each shard.
std::span<const Topic> standing_topics();
// The same, as KafkaAdmin::create_topics takes them.
std::vector<runtime::kafka::TopicSpec> standing_topic_specs(int shards, int replication);

// The topic for the replies to a client, with a number of partitions of its own choice.
runtime::kafka::TopicSpec reply_topic_spec(std::string_view client, int partitions, int replication);

// Whether a sender may name the topic for its replies.
bool is_reply_topic(std::string_view topic);

}  // namespace ordersaga::relay
