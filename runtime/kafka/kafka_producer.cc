#include "runtime/kafka/kafka_producer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

namespace ordersaga::runtime::kafka {

namespace {

bool is_refusal(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return true;
    default:
      return false;
  }
}

void* to_opaque(std::uint64_t token) {
  static_assert(sizeof(void*) == sizeof token);
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(token));
}

void call_on_delivery(rd_kafka_t*, void* on_delivery) {
  (*static_cast<std::function<void()>*>(on_delivery))();
}

ClientHandle make_producer(const Config& config, const ProducerOptions& options) {
  Conf conf(config);
  conf.set("enable.idempotence", "true");
  conf.set("acks", "all");
  conf.set("enable.gapless.guarantee", options.gapless ? "true" : "false");
  conf.set("message.timeout.ms", std::to_string(options.message_timeout ? options.message_timeout->count() : 0));
  conf.set("linger.ms", fmt::format("{}", static_cast<double>(options.linger.count()) / 1000.0));
  conf.set("compression.codec", options.compress ? "lz4" : "none");
  conf.set("queue.buffering.max.messages", std::to_string(options.queue_messages));
  conf.set("queue.buffering.max.kbytes", std::to_string(options.queue_bytes / 1024));
  conf.set("partitioner", "murmur2_random");
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  return make_client(ClientKind::producer, conf);
}

}  // namespace

KafkaProducer::KafkaProducer(const Config& config, const ProducerOptions& options)
    : log_(log_or_default(config)),
      client_(make_producer(config, options)),
      queue_(rd_kafka_queue_get_main(client_.get())),
      on_delivery_(options.on_delivery) {
  if (on_delivery_) rd_kafka_queue_cb_event_enable(queue_.get(), call_on_delivery, &on_delivery_);
}

// The library drops what is queued and does not wait for what is under way. Purging it first would report a gap as fatal.
KafkaProducer::~KafkaProducer() {
  rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
}

rd_kafka_topic_s* KafkaProducer::topic(std::string_view name) {
  if (last_topic_.second != nullptr && last_topic_.first == name) return last_topic_.second;
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    std::string text(name);
    rd_kafka_topic_t* handle = rd_kafka_topic_new(client_.get(), text.c_str(), nullptr);
    if (handle == nullptr) throw KafkaError(fmt::format("topic {}: {}", name, rd_kafka_err2str(rd_kafka_last_error())));
    found = topics_.emplace(std::move(text), TopicHandle(handle)).first;
  }
  last_topic_ = {found->first, found->second.get()};
  return last_topic_.second;
}

bool KafkaProducer::produce(const OutgoingMessage& message, std::uint64_t token) {
  headers_.clear();
  for (const Header& h : message.headers) headers_.push_back({h.name, h.value});
  return produce_view({message.topic, message.partition, message.key, message.value, headers_}, token);
}

bool KafkaProducer::produce_view(const MessageView& message, std::uint64_t token) {
  if (fatal_) throw KafkaError(fatal_error_of(client_.get()), true);
  rd_kafka_topic_s* to = topic(message.topic);
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const HeaderView& h : message.headers)
    rd_kafka_header_add(headers, h.name.data(), static_cast<ssize_t>(h.name.size()), h.value.data(), static_cast<ssize_t>(h.value.size()));
  const void* key = message.key ? static_cast<const void*>(message.key->data()) : nullptr;
  const std::size_t key_size = message.key ? message.key->size() : 0;
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      client_.get(), RD_KAFKA_V_RKT(to), RD_KAFKA_V_PARTITION(message.partition < 0 ? RD_KAFKA_PARTITION_UA : message.partition),
      RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_VALUE(const_cast<char*>(message.value.data()), message.value.size()),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(to_opaque(token)), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++in_flight_;
    return true;
  }
  rd_kafka_headers_destroy(headers);  // not taken over by a call that failed
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    fatal_ = true;
    throw KafkaError(fatal_error_of(client_.get()), true);
  }
  Delivery failed;
  failed.token = token;
  failed.partition = message.partition;
  failed.error = fmt::format("{}: {}", message.topic, rd_kafka_err2str(error));
  failed.refused = is_refusal(error);
  refused_.push_back(std::move(failed));
  ++in_flight_;
  return true;
}

void KafkaProducer::poll(std::chrono::milliseconds timeout, std::vector<Delivery>& out) {
  in_flight_ -= refused_.size();
  int wait = refused_.empty() ? static_cast<int>(timeout.count()) : 0;
  for (Delivery& d : refused_) out.push_back(std::move(d));
  refused_.clear();
  while (rd_kafka_event_t* event = rd_kafka_queue_poll(queue_.get(), wait)) {
    serve(event, out);
    rd_kafka_event_destroy(event);
    wait = 0;
  }
  if (fatal_) throw KafkaError(fatal_error_of(client_.get()), true);
}

void KafkaProducer::serve(rd_kafka_op_s* event, std::vector<Delivery>& out) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR:
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) report(*message, out);
      break;
    case RD_KAFKA_EVENT_ERROR:
      fatal_ = fatal_ || rd_kafka_event_error_is_fatal(event) != 0;
      log_(fatal_ ? Severity::error : Severity::warning, rd_kafka_event_error_string(event));
      break;
    default:
      break;
  }
}

void KafkaProducer::report(const rd_kafka_message_s& message, std::vector<Delivery>& out) {
  --in_flight_;
  Delivery& delivery = out.emplace_back();
  delivery.token = reinterpret_cast<std::uintptr_t>(message._private);
  delivery.partition = message.partition;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    delivery.offset = message.offset;
    return;
  }
  delivery.error = fmt::format("{}: {}", rd_kafka_topic_name(message.rkt), rd_kafka_err2str(message.err));
  delivery.refused = is_refusal(message.err);
}

}  // namespace ordersaga::runtime::kafka
