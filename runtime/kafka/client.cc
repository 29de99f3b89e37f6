#include "runtime/kafka/client.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <future>
#include <system_error>
#include <thread>

#include "runtime/log.h"

namespace ordersaga::runtime::kafka {

namespace {

std::atomic<std::uint64_t> left_behind{0};

Severity severity_of(int syslog_level) {
  if (syslog_level <= 3) return Severity::error;
  if (syslog_level == 4) return Severity::warning;
  return syslog_level <= 6 ? Severity::info : Severity::debug;
}

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  auto* callbacks = client == nullptr ? nullptr : static_cast<Callbacks*>(rd_kafka_opaque(client));
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

Callbacks::Callbacks(LogCallback log, void* owner) : log_(log ? std::move(log) : LogCallback(log_to_process)), owner_(owner) {}

void Callbacks::log(Severity severity, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (log_) log_(severity, text);
}

void Callbacks::silence() {
  const std::lock_guard lock(mutex_);
  log_ = nullptr;
}

Conf::Conf(const Config& config, void* owner)
    : config_(config), callbacks_(std::make_shared<Callbacks>(config.log, owner)), conf_(rd_kafka_conf_new()) {
  rd_kafka_conf_set_opaque(conf_, callbacks_.get());
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
  return ClientHandle(client, DestroyClient{conf.callbacks()});
}

std::string fatal_error_of(rd_kafka_s* client) {
  std::array<char, 512> text{};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(client, text.data(), text.size());
  return fmt::format("{}: {}", rd_kafka_err2name(code), text.data());
}

bool destroy_within(std::chrono::milliseconds limit, std::string_view name, const std::shared_ptr<Callbacks>& callbacks,
                    const std::function<void()>& destroy) {
  std::promise<void> ended;
  std::future<void> end = ended.get_future();
  std::thread thread;
  try {
    thread = std::thread([destroy, callbacks, ended = std::move(ended)]() mutable {
      log::name_thread("kafka-destroy");
      destroy();
      ended.set_value();
    });
  } catch (const std::system_error&) {  // no thread to be had: without a limit
    destroy();
    return true;
  }
  if (end.wait_for(limit) == std::future_status::ready) {
    thread.join();
    return true;
  }
  thread.detach();
  ++left_behind;
  callbacks->log(Severity::error,
                 fmt::format("the client {} was not destroyed within {} ms, for one of its threads does not end; it is left behind with "
                             "its threads and its memory",
                             name, limit.count()));
  callbacks->silence();
  return false;
}

std::uint64_t clients_left_behind() {
  return left_behind;
}

void DestroyClient::operator()(rd_kafka_s* client) const noexcept {
  // Consumers were closed before, with a time limit.
  const auto destroy = [client] { rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); };
  const std::string name(rd_kafka_name(client));  // which is gone when it ends late
  destroy_within(kDestroyLimit, name, callbacks ? callbacks : std::make_shared<Callbacks>(nullptr), destroy);
}

void DestroyQueue::operator()(rd_kafka_queue_s* queue) const noexcept {
  rd_kafka_queue_destroy(queue);
}

void DestroyTopic::operator()(rd_kafka_topic_s* topic) const noexcept {
  rd_kafka_topic_destroy(topic);
}

}  // namespace ordersaga::runtime::kafka
