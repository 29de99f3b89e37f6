#include "runtime/kafka/kafka_consumer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "runtime/kafka/message.h"

namespace ordersaga::runtime::kafka {

namespace {

constexpr std::chrono::seconds kCloseLimit{5};
constexpr int kSeekLimitMillis = 10'000;
// Who has no partition asks for a broker so often and so long, and believes that there is none after so many times.
constexpr std::chrono::seconds kProbeEvery{1};
constexpr int kProbeMillis = 100;
constexpr int kMaxUnansweredProbes = 3;

struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const noexcept { rd_kafka_message_destroy(message); }
};
using MessageHandle = std::unique_ptr<rd_kafka_message_t, DestroyMessage>;

struct DestroyPartitions {
  void operator()(rd_kafka_topic_partition_list_t* list) const noexcept { rd_kafka_topic_partition_list_destroy(list); }
};
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyPartitions>;

struct DestroyError {
  void operator()(rd_kafka_error_t* error) const noexcept { rd_kafka_error_destroy(error); }
};
using Error = std::unique_ptr<rd_kafka_error_t, DestroyError>;

Partitions one_partition(std::string_view topic, std::int32_t partition, std::int64_t offset = RD_KAFKA_OFFSET_INVALID) {
  Partitions list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), std::string(topic).c_str(), partition)->offset = offset;
  return list;
}

[[noreturn]] void fail(std::string_view what, std::string_view topic, std::int32_t partition, rd_kafka_resp_err_t error) {
  throw KafkaError(fmt::format("cannot {} {}[{}]: {}", what, topic, partition, rd_kafka_err2str(error)));
}

KafkaConsumer* owner_of(void* opaque) {
  return static_cast<KafkaConsumer*>(static_cast<Callbacks*>(opaque)->owner());
}

void on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  owner_of(opaque)->rebalance(code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, partitions);
}

void on_error(rd_kafka_t*, int code, const char* text, void* opaque) {
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) owner_of(opaque)->lost_all_brokers();
  owner_of(opaque)->failed(code == RD_KAFKA_RESP_ERR__FATAL, text);
}

ClientHandle make_consumer(const Config& config, const ConsumerOptions& options, KafkaConsumer* owner) {
  Conf conf(config, owner);
  conf.set("group.id", options.group);
  conf.set("partition.assignment.strategy", options.assignor);
  if (!options.instance_id.empty()) conf.set("group.instance.id", options.instance_id);
  conf.set("session.timeout.ms", std::to_string(options.session_timeout.count()));
  conf.set("max.poll.interval.ms", std::to_string(options.max_poll_interval.count()));
  conf.set("enable.auto.commit", "true");
  conf.set("auto.commit.interval.ms", std::to_string(options.commit_interval.count()));
  conf.set("enable.auto.offset.store", "false");
  conf.set("auto.offset.reset", options.from_beginning ? "earliest" : "latest");
  conf.set("fetch.wait.max.ms", "100");
  conf.set("queued.min.messages", std::to_string(options.queue_messages));  // despite its name: above it nothing is fetched
  conf.set("queued.max.messages.kbytes", std::to_string(options.queue_bytes / 1024));
  conf.set("fetch.max.bytes", std::to_string(options.fetch_bytes));
  conf.set("fetch.message.max.bytes", std::to_string(options.partition_fetch_bytes));
  rd_kafka_conf_set_rebalance_cb(conf.get(), on_rebalance);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  return make_client(ClientKind::consumer, conf);
}

}  // namespace

KafkaConsumer::KafkaConsumer(const Config& config, const ConsumerOptions& options)
    : reads_(options.reads), log_(log_or_default(config)), client_(make_consumer(config, options, this)) {
  rd_kafka_poll_set_consumer(client_.get());
  Partitions topics(rd_kafka_topic_partition_list_new(static_cast<int>(options.topics.size())));
  for (const std::string& topic : options.topics) rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(client_.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw KafkaError(fmt::format("cannot subscribe: {}", rd_kafka_err2str(error)));
}

KafkaConsumer::~KafkaConsumer() {
  QueueHandle queue(rd_kafka_queue_get_consumer(client_.get()));
  Error error(rd_kafka_consumer_close_queue(client_.get(), queue.get()));
  if (error) return;
  const auto limit = std::chrono::steady_clock::now() + kCloseLimit;
  while (rd_kafka_consumer_closed(client_.get()) == 0 && std::chrono::steady_clock::now() < limit)
    MessageHandle(rd_kafka_consume_queue(queue.get(), 50));  // serves the last revoke
}

void KafkaConsumer::rebalance(bool assigned, rd_kafka_topic_partition_list_s* partitions) {
  if (assigned && !reads_)
    for (int i = 0; i < partitions->cnt; ++i) partitions->elems[i].offset = RD_KAFKA_OFFSET_END;
  rd_kafka_assign(client_.get(), assigned ? partitions : nullptr);
  if (assigned && !reads_) rd_kafka_pause_partitions(client_.get(), partitions);
  revoked_ = revoked_ || !assigned;
  std::vector<Rebalance> changes;  // one a topic
  for (int i = 0; i < partitions->cnt; ++i) {
    const rd_kafka_topic_partition_t& p = partitions->elems[i];
    auto same = std::find_if(changes.begin(), changes.end(), [&](const Rebalance& r) { return r.topic == p.topic; });
    if (same == changes.end()) same = changes.insert(changes.end(), Rebalance{assigned, p.topic, {}});
    same->partitions.push_back(p.partition);
  }
  for (const Rebalance& change : changes) follow(change);
  rebalances_.insert(rebalances_.end(), changes.begin(), changes.end());
  rd_kafka_yield(client_.get());  // so that nothing of the new assignment follows in the same poll
}

void KafkaConsumer::failed(bool fatal, std::string_view text) {
  fatal_ = fatal_ || fatal;
  log_(fatal ? Severity::error : Severity::warning, text);
}

void KafkaConsumer::lost_all_brokers() {
  brokers_down_ = true;
  next_probe_ = std::chrono::steady_clock::now() + kProbeEvery;
}

// Nothing is reported when brokers come back to who has nothing to read, nor of a broker that is there but does not answer:
// so they are asked.
void KafkaConsumer::probe_brokers() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_probe_) return;
  next_probe_ = now + kProbeEvery;
  if (!brokers_down_ && has_places()) {
    unanswered_probes_ = 0;
    return;
  }
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client_.get(), 0, nullptr, &metadata, kProbeMillis) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    brokers_down_ = brokers_down_ || ++unanswered_probes_ >= kMaxUnansweredProbes;
    return;
  }
  rd_kafka_metadata_destroy(metadata);
  brokers_down_ = false;
  unanswered_probes_ = 0;
}

bool KafkaConsumer::has_places() const {
  const std::lock_guard lock(places_mutex_);
  return !places_.empty();
}

Polled KafkaConsumer::poll(std::size_t max, std::chrono::milliseconds timeout) {
  Polled polled;
  // 1. Messages, and rebalances by callback, until there is nothing more. Only the first call waits.
  int wait = static_cast<int>(timeout.count());
  do {
    MessageHandle message(rd_kafka_consumer_poll(client_.get(), wait));
    wait = 0;
    if (message != nullptr) take(*message, polled);
    if (message == nullptr || !rebalances_.empty()) break;
  } while (polled.messages.size() < max);
  // 2. What was taken before a revoke belongs to who is assigned next.
  if (std::exchange(revoked_, false)) polled.messages.clear();
  polled.rebalances = std::exchange(rebalances_, {});
  if (!polled.messages.empty()) brokers_down_ = false;
  probe_brokers();
  if (fatal_) throw KafkaError(fatal_error_of(client_.get()), true);
  return polled;
}

void KafkaConsumer::take(const rd_kafka_message_s& message, Polled& polled) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    failed(message.err == RD_KAFKA_RESP_ERR__FATAL, rd_kafka_message_errstr(&message));
  } else if (reads_) {
    polled.messages.push_back(to_consumed(message));
  }
}

void KafkaConsumer::follow(const Rebalance& change) {
  const std::lock_guard lock(places_mutex_);
  for (const std::int32_t partition : change.partitions) {
    std::erase_if(places_, [&](const Place& p) { return p.topic == change.topic && p.partition == partition; });
    if (change.assigned) places_.push_back({change.topic, partition, -1});
  }
}

std::int64_t KafkaConsumer::lag() const {
  const std::lock_guard lock(places_mutex_);
  std::int64_t sum = 0;
  for (const Place& p : places_) {
    std::int64_t next = p.next;
    if (Partitions polled = one_partition(p.topic, p.partition); next < 0 && rd_kafka_position(client_.get(), polled.get()) == 0)
      next = polled->elems[0].offset;
    std::int64_t low = 0, high = 0;
    const auto error = rd_kafka_get_watermark_offsets(client_.get(), p.topic.c_str(), p.partition, &low, &high);
    if (next >= 0 && error == RD_KAFKA_RESP_ERR_NO_ERROR) sum += std::max<std::int64_t>(high - next, 0);
  }
  return sum;
}

void KafkaConsumer::commit(std::string_view topic, std::int32_t partition, std::int64_t next_offset) {
  Partitions list = one_partition(topic, partition, next_offset);
  const rd_kafka_resp_err_t error = rd_kafka_offsets_store(client_.get(), list.get());
  const rd_kafka_resp_err_t of_partition = list->elems[0].err;
  if (of_partition == RD_KAFKA_RESP_ERR__STATE || of_partition == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) return;  // no longer ours
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("store an offset of", topic, partition, error);
  const std::lock_guard lock(places_mutex_);
  for (Place& p : places_)
    if (p.partition == partition && p.topic == topic) p.next = next_offset;
}

void KafkaConsumer::pause(std::string_view topic, std::int32_t partition) {
  Partitions list = one_partition(topic, partition);
  const rd_kafka_resp_err_t error = rd_kafka_pause_partitions(client_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("pause", topic, partition, error);
}

void KafkaConsumer::resume(std::string_view topic, std::int32_t partition) {
  Partitions list = one_partition(topic, partition);
  const rd_kafka_resp_err_t error = rd_kafka_resume_partitions(client_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("resume", topic, partition, error);
}

void KafkaConsumer::seek(std::string_view topic, std::int32_t partition, std::int64_t offset) {
  Partitions list = one_partition(topic, partition, offset);
  Error error(rd_kafka_seek_partitions(client_.get(), list.get(), kSeekLimitMillis));
  if (error) fail("seek in", topic, partition, rd_kafka_error_code(error.get()));
  if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) fail("seek in", topic, partition, list->elems[0].err);
}

}  // namespace ordersaga::runtime::kafka
