#include "runtime/kafka/kafka_admin.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <thread>

namespace ordersaga::runtime::kafka {

namespace {

struct DestroyMetadata {
  void operator()(const struct rd_kafka_metadata* metadata) const noexcept { rd_kafka_metadata_destroy(metadata); }
};
struct DestroyNewTopic {
  void operator()(rd_kafka_NewTopic_t* topic) const noexcept { rd_kafka_NewTopic_destroy(topic); }
};
struct DestroyOptions {
  void operator()(rd_kafka_AdminOptions_t* options) const noexcept { rd_kafka_AdminOptions_destroy(options); }
};
struct DestroyEvent {
  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
};
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, DestroyNewTopic>;
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, DestroyOptions>;
using Event = std::unique_ptr<rd_kafka_event_t, DestroyEvent>;

ClientHandle make_admin(const Config& config) {
  Conf conf(config);
  return make_client(ClientKind::producer, conf);
}

NewTopic to_new_topic(const TopicSpec& spec) {
  std::array<char, 512> why{};
  NewTopic topic(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, spec.replication, why.data(), why.size()));
  if (topic == nullptr) throw KafkaError(fmt::format("topic {}: {}", spec.name, why.data()));
  for (const auto& [name, value] : spec.config) rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
  return topic;
}

}  // namespace

KafkaAdmin::KafkaAdmin(const Config& config, std::chrono::milliseconds patience) : patience_(patience), client_(make_admin(config)) {}

std::vector<std::string> KafkaAdmin::create_topics(std::span<const TopicSpec> topics) {
  std::vector<std::string> created;
  if (topics.empty()) return created;
  const int limit = static_cast<int>(patience_.count());
  std::vector<NewTopic> owned;
  std::vector<rd_kafka_NewTopic_t*> wanted;
  for (const TopicSpec& spec : topics) wanted.push_back(owned.emplace_back(to_new_topic(spec)).get());

  Options options(rd_kafka_AdminOptions_new(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  std::array<char, 512> why{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), limit, why.data(), why.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), limit, why.data(), why.size());
  QueueHandle queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_CreateTopics(client_.get(), wanted.data(), wanted.size(), options.get(), queue.get());
  Event event(rd_kafka_queue_poll(queue.get(), limit + 1'000));
  if (event == nullptr) throw KafkaError("cannot create topics: no answer from the broker");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw KafkaError(fmt::format("cannot create topics: {}", rd_kafka_event_error_string(event.get())));

  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
    const char* name = rd_kafka_topic_result_name(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      created.emplace_back(name);
    } else if (error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      const char* text = rd_kafka_topic_result_error_string(results[i]);
      throw KafkaError(fmt::format("cannot create topic {}: {}", name, text != nullptr ? text : rd_kafka_err2str(error)));
    }
  }
  wait_until_known(topics);
  return created;
}

void KafkaAdmin::wait_until_known(std::span<const TopicSpec> topics) {
  const auto limit = std::chrono::steady_clock::now() + patience_;
  for (;;) {
    const std::map<std::string, int> known = partition_counts();
    if (std::all_of(topics.begin(), topics.end(), [&](const TopicSpec& t) { return known.contains(t.name); })) return;
    if (std::chrono::steady_clock::now() > limit) throw KafkaError("topics were created, but the broker does not show them");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::map<std::string, int> KafkaAdmin::partition_counts() {
  const struct rd_kafka_metadata* raw = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(client_.get(), 1, nullptr, &raw, static_cast<int>(patience_.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw KafkaError(fmt::format("no answer from the broker: {}", rd_kafka_err2str(error)));
  std::unique_ptr<const struct rd_kafka_metadata, DestroyMetadata> metadata(raw);
  std::map<std::string, int> counts;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) counts.emplace(topic.topic, topic.partition_cnt);
  }
  return counts;
}

std::vector<std::string> KafkaAdmin::missing(std::span<const std::string> topics) {
  const std::map<std::string, int> known = partition_counts();
  std::vector<std::string> lacking;
  for (const std::string& topic : topics)
    if (!known.contains(topic)) lacking.push_back(topic);
  return lacking;
}

std::string KafkaAdmin::cluster_id() {
  char* id = rd_kafka_clusterid(client_.get(), static_cast<int>(patience_.count()));
  if (id == nullptr) throw KafkaError("no answer from the broker: its cluster id is not known");
  std::string copy(id);
  rd_kafka_mem_free(client_.get(), id);
  return copy;
}

}  // namespace ordersaga::runtime::kafka
