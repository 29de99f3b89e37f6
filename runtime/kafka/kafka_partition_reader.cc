#include "runtime/kafka/kafka_partition_reader.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <thread>

#include "runtime/kafka/message.h"

namespace ordersaga::runtime::kafka {

namespace {

struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const noexcept { rd_kafka_message_destroy(message); }
};
using MessageHandle = std::unique_ptr<rd_kafka_message_t, DestroyMessage>;

void on_error(rd_kafka_t*, int, const char* text, void* opaque) {
  static_cast<Callbacks*>(opaque)->log(Severity::warning, text);
}

constexpr std::chrono::milliseconds kRetryPause{50};

// Whether the partition is only moving, or still being made.
bool passes(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
         error == RD_KAFKA_RESP_ERR__TRANSPORT;
}

ClientHandle make_reader(const Config& config) {
  Conf conf(config);
  conf.set("group.id", "ordersaga-reader");  // required by the library; no group is joined and nothing is committed
  conf.set("enable.auto.commit", "false");
  conf.set("enable.auto.offset.store", "false");
  conf.set("enable.partition.eof", "true");
  conf.set("auto.offset.reset", "error");
  conf.set("fetch.wait.max.ms", "10");
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  return make_client(ClientKind::consumer, conf);
}

}  // namespace

KafkaPartitionReader::KafkaPartitionReader(const Config& config, std::chrono::milliseconds patience)
    : patience_(patience), log_(log_or_default(config)), client_(make_reader(config)) {
  rd_kafka_poll_set_consumer(client_.get());
}

KafkaPartitionReader::~KafkaPartitionReader() {
  rd_kafka_assign(client_.get(), nullptr);
}

PartitionReader::Watermarks KafkaPartitionReader::watermarks(std::string_view topic, std::int32_t partition) {
  const std::string name(topic);
  const auto limit = std::chrono::steady_clock::now() + patience_;
  for (;;) {
    Watermarks marks;
    const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(client_.get(), name.c_str(), partition, &marks.low, &marks.high,
                                                                       static_cast<int>(patience_.count()));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return marks;
    if (!passes(error) || std::chrono::steady_clock::now() >= limit)
      throw KafkaError(fmt::format("cannot ask for the ends of {}[{}]: {}", topic, partition, rd_kafka_err2str(error)));
    std::this_thread::sleep_for(kRetryPause);
  }
}

void KafkaPartitionReader::assign(std::string_view topic, std::int32_t partition, std::int64_t offset) {
  topic_ = topic;
  partition_ = partition;
  next_ = offset;
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic_.c_str(), partition)->offset = offset;
  const rd_kafka_resp_err_t error = rd_kafka_assign(client_.get(), list);
  rd_kafka_topic_partition_list_destroy(list);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  topic_.clear();
  throw KafkaError(fmt::format("cannot read {}[{}]: {}", topic, partition, rd_kafka_err2str(error)));
}

void KafkaPartitionReader::rest() noexcept {
  rd_kafka_assign(client_.get(), nullptr);
  topic_.clear();
}

std::vector<ConsumedMessage> KafkaPartitionReader::read(std::string_view topic, std::int32_t partition, std::int64_t offset,
                                                        std::size_t max) {
  std::vector<ConsumedMessage> out;
  if (topic != topic_ || partition != partition_ || offset != next_) assign(topic, partition, offset);
  const auto limit = std::chrono::steady_clock::now() + patience_;
  while (out.size() < max) {
    MessageHandle message(rd_kafka_consumer_poll(client_.get(), out.empty() ? 100 : 20));
    if (message == nullptr) {
      if (!out.empty()) break;
      if (std::chrono::steady_clock::now() < limit) continue;
      rest();
      throw KafkaError(fmt::format("no answer from the broker about {}[{}] at {}", topic, partition, offset));
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      next_ = message->offset + 1;
      out.push_back(to_consumed(*message));
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      rest();  // else the client would go on fetching in the background
      break;
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
      const Watermarks marks = watermarks(topic, partition);
      if (next_ >= marks.low) {
        rest();
        break;  // above the end
      }
      assign(topic, partition, marks.low);
    } else if (message->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || message->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
               message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      rest();
      throw KafkaError(fmt::format("there is no {}[{}]", topic, partition));
    } else {
      log_(Severity::warning, rd_kafka_message_errstr(message.get()));
    }
  }
  return out;
}

}  // namespace ordersaga::runtime::kafka
