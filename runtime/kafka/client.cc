#include "runtime/kafka/client.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>

#include "runtime/log.h"

namespace ordersaga::runtime::kafka {

namespace {

Severity severity_of(int syslog_level) {
  if (syslog_level <= 3) return Severity::error;
  if (syslog_level == 4) return Severity::warning;
  return syslog_level <= 6 ? Severity::info : Severity::debug;
}

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  const auto* callbacks = client == nullptr ? nullptr : static_cast<const Callbacks*>(rd_kafka_opaque(client));
  if (callbacks == nullptr) {
    log::warn("kafka client", {{"text", std::string_view(text)}});
    return;
  }
  // Warnings about settings, and about messages that a destructor drops, tell nothing new to who chose that.
  const std::string_view about(facility);
  const Severity severity = about == "CONFWARN" || about == "TERMINATE" ? Severity::debug : severity_of(level);
  callbacks->log(severity, fmt::format("{}: {}", facility, text));
}

void log_to_process(Severity severity, std::string_view text) {
  switch (severity) {
    case Severity::debug:
      return log::debug("kafka client", {{"text", text}});
    case Severity::info:
      return log::info("kafka client", {{"text", text}});
    case Severity::warning:
      return log::warn("kafka client", {{"text", text}});
    case Severity::error:
      return log::error("kafka client", {{"text", text}});
  }
}

}  // namespace

LogCallback log_or_default(const Config& config) {
  return config.log ? config.log : LogCallback(log_to_process);
}

Conf::Conf(const Config& config, Callbacks& callbacks) : config_(config), conf_(rd_kafka_conf_new()) {
  callbacks.log = log_or_default(config);
  rd_kafka_conf_set_opaque(conf_, &callbacks);
  rd_kafka_conf_set_log_cb(conf_, on_log);
  set("bootstrap.servers", config.brokers);
  set("client.id", config.client_id);
  set("log.connection.close", "false");
  set("topic.metadata.refresh.interval.ms", "10000");
  set("topic.metadata.propagation.max.ms", "5000");
  set("reconnect.backoff.max.ms", "2000");
}

Conf::~Conf() {
  if (conf_ != nullptr) rd_kafka_conf_destroy(conf_);
}

void Conf::set(const std::string& name, const std::string& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf_, name.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
    throw KafkaError(fmt::format("Kafka setting {}={}: {}", name, value, why.data()));
}

void Conf::apply_extra() {
  for (const auto& [name, value] : config_.extra) set(name, value);
}

ClientHandle make_client(ClientKind kind, Conf& conf) {
  conf.apply_extra();
  std::array<char, 512> why{};
  rd_kafka_t* client =
      rd_kafka_new(kind == ClientKind::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size());
  if (client == nullptr) throw KafkaError(fmt::format("cannot make a Kafka client: {}", why.data()));
  conf.release();  // the client owns it now
  return ClientHandle(client);
}

std::string fatal_error_of(rd_kafka_s* client) {
  std::array<char, 512> text{};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(client, text.data(), text.size());
  return fmt::format("{}: {}", rd_kafka_err2name(code), text.data());
}

void DestroyClient::operator()(rd_kafka_s* client) const noexcept {
  // Consumers were closed before, with a time limit.
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void DestroyQueue::operator()(rd_kafka_queue_s* queue) const noexcept {
  rd_kafka_queue_destroy(queue);
}

void DestroyTopic::operator()(rd_kafka_topic_s* topic) const noexcept {
  rd_kafka_topic_destroy(topic);
}

}  // namespace ordersaga::runtime::kafka
