#include "outbox-relay/topics.h"

#include <algorithm>
#include <array>

#include "schemas/headers.h"

namespace ordersaga::relay {

namespace {

constexpr std::array<Topic, 3> kStanding = {{
    {topics::kCommands, kCommandsRetention, true},
    {topics::kEvents, kEventsRetention, false},
    {topics::kCommandsDlq, kDlqRetention, false},
}};

// Segments of a day at most: retention drops whole segments.
constexpr std::chrono::milliseconds kSegment = std::chrono::hours(24);

runtime::kafka::TopicSpec spec_of(std::string name, int partitions, int replication, std::chrono::milliseconds retention,
                                  bool log_append_time) {
  runtime::kafka::TopicSpec spec;
  spec.name = std::move(name);
  spec.partitions = partitions;
  spec.replication = replication;
  spec.config = {{"cleanup.policy", "delete"},
                 {"retention.ms", std::to_string(retention.count())},
                 {"segment.ms", std::to_string(std::min(kSegment, retention).count())},
                 {"message.timestamp.type", log_append_time ? "LogAppendTime" : "CreateTime"}};
  return spec;
}

}  // namespace

std::span<const Topic> standing_topics() {
  return kStanding;
}

std::vector<runtime::kafka::TopicSpec> standing_topic_specs(int shards, int replication) {
  std::vector<runtime::kafka::TopicSpec> specs;
  for (const Topic& t : kStanding) specs.push_back(spec_of(std::string(t.name), shards, replication, t.retention, t.log_append_time));
  return specs;
}

runtime::kafka::TopicSpec reply_topic_spec(std::string_view client, int partitions, int replication) {
  return spec_of(std::string(topics::kRepliesPrefix).append(client).append(".v1"), partitions, replication, kRepliesRetention, false);
}

bool is_reply_topic(std::string_view topic) {
  // Kafka's own limits on names; anything else could never exist.
  return topic.starts_with(topics::kRepliesPrefix) && topic.size() > topics::kRepliesPrefix.size() && topic.size() <= 249 &&
         std::all_of(topic.begin(), topic.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
         });
}

}  // namespace ordersaga::relay
