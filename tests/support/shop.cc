#include "tests/support/shop.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <vector>

#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "schemas/headers.h"
#include "tests/support/process.h"

namespace ordersaga::support {
namespace {

namespace kafka = runtime::kafka;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{30};

kafka::Config config_of(const std::string& brokers) {
  kafka::Config config;
  config.brokers = brokers;
  return config;
}

std::vector<std::string> our_topics() {
  return {std::string(topics::kCommands), std::string(topics::kEvents), std::string(topics::kCommandsDlq)};
}

// A topic that exists already holds the answers to another test's commands, which may have the same ids.
std::string new_replies_topic() {
  static std::atomic<int> shops = 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return std::string(topics::kRepliesPrefix) + "shop-" + std::to_string(now) + "-" + std::to_string(++shops) + ".v1";
}

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

// KafkaAdmin has no deletion, since the system never deletes a topic.
void delete_topics(const std::string& brokers, const std::vector<std::string>& names) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), error.data(), error.size());
  const std::unique_ptr<rd_kafka_t, Freeing<rd_kafka_destroy>> client(rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size()));
  if (!client) throw std::runtime_error(error.data());
  const std::unique_ptr<rd_kafka_queue_t, Freeing<rd_kafka_queue_destroy>> queue(rd_kafka_queue_new(client.get()));
  std::vector<rd_kafka_DeleteTopic_t*> topics;
  for (const std::string& name : names) topics.push_back(rd_kafka_DeleteTopic_new(name.c_str()));
  rd_kafka_DeleteTopics(client.get(), topics.data(), topics.size(), nullptr, queue.get());
  rd_kafka_DeleteTopic_destroy_array(topics.data(), topics.size());
  const std::unique_ptr<rd_kafka_event_t, Freeing<rd_kafka_event_destroy>> done(
      rd_kafka_queue_poll(queue.get(), static_cast<int>(milliseconds(kPatience).count())));
  if (!done) throw std::runtime_error("Kafka did not delete the topics");
}

}  // namespace

void drop_topics(const std::string& brokers) {
  kafka::KafkaAdmin admin(config_of(brokers));
  const std::vector<std::string> names = our_topics();
  delete_topics(brokers, names);
  if (!eventually(kPatience, [&] { return admin.missing(names).size() == names.size(); }))
    throw std::runtime_error("the topics did not go");
}

void make_topics_anew(const std::string& brokers, int shards) {
  drop_topics(brokers);
  const std::vector<std::string> names = our_topics();
  std::vector<kafka::TopicSpec> specs;
  for (const std::string& name : names) specs.push_back({.name = name, .partitions = shards, .replication = 1, .config = {}});
  specs[0].config.emplace_back("message.timestamp.type", "LogAppendTime");
  kafka::KafkaAdmin(config_of(brokers)).create_topics(specs);
}

Shop::Shop(const std::string& brokers)
    : replies_topic_(new_replies_topic()), producer_(config_of(brokers), {}), reader_(config_of(brokers)) {
  const std::vector<kafka::TopicSpec> specs{{.name = replies_topic_, .partitions = 1, .replication = 1, .config = {}}};
  kafka::KafkaAdmin(config_of(brokers)).create_topics(specs);
}

void Shop::receive_stock(const std::string& sku, std::int64_t quantity) {
  inventory::v1::ReceiveStock command;
  command.set_sku(sku);
  command.set_location("ams");
  command.set_quantity(quantity);
  send("receive-" + sku, sku, command, headers::kReplyWhenAccepted);
}

void Shop::place(const Purchase& purchase) {
  order::v1::PlaceOrder command;
  command.set_order_id(purchase.order_id);
  command.set_customer_id("customer-1");
  order::v1::OrderItem& item = *command.add_items();
  item.set_sku(purchase.sku);
  item.set_quantity(purchase.quantity);
  item.mutable_unit_price()->set_currency_code("EUR");
  item.mutable_unit_price()->set_amount_minor(purchase.price_minor);
  item.set_name("A thing");
  common::v1::Address& address = *command.mutable_shipping_address();
  address.set_name("Ada");
  address.add_lines("Kade 1");
  address.set_postcode(purchase.postcode);
  address.set_city("Amsterdam");
  address.set_country_code("NL");
  command.mutable_payment()->set_method(order::v1::PAYMENT_METHOD_TOKEN);
  command.mutable_payment()->set_token(purchase.token);
  command.set_shipping_method("standard");
  send("place-" + purchase.order_id, purchase.order_id, command, purchase.reply_when);
}

void Shop::send(const std::string& id, const std::string& key, const google::protobuf::Message& command, std::string_view reply_when) {
  kafka::OutgoingMessage message;
  message.topic = topics::kCommands;
  message.key = key;
  message.value = command.SerializeAsString();
  const auto header = [&message](std::string_view name, std::string value) {
    message.headers.push_back({std::string(name), std::move(value)});
  };
  header(headers::kId, id);
  header(headers::kType, command.GetDescriptor()->full_name());
  header(headers::kContentType, std::string(headers::kProtobuf));
  header(headers::kReplyTo, replies_topic_);
  header(headers::kReplyWhen, std::string(reply_when));
  if (!producer_.produce(message, 1)) throw std::runtime_error("the producer's queue is full");
  std::vector<kafka::Delivery> deliveries;
  const auto acknowledged = [&] {
    producer_.poll(milliseconds(100), deliveries);
    return !deliveries.empty();
  };
  if (!eventually(kPatience, acknowledged)) throw std::runtime_error("Kafka did not acknowledge " + id);
  if (!deliveries.front().error.empty()) throw std::runtime_error(id + ": " + deliveries.front().error);
}

void Shop::read_replies() {
  for (const kafka::ConsumedMessage& message : reader_.read(replies_topic_, 0, next_offset_, 10'000)) {
    next_offset_ = message.offset + 1;
    common::v1::CommandReply reply;
    if (!reply.ParseFromString(message.value)) throw std::runtime_error("a reply is no CommandReply");
    const auto [known, added] = replies_.try_emplace(reply.command_id(), reply);
    if (!added && known->second.outcome() != reply.outcome()) throw std::runtime_error(reply.command_id() + " got two answers");
  }
}

const std::map<std::string, common::v1::CommandReply>& Shop::replies(std::size_t count, milliseconds patience) {
  eventually(patience, [&] {
    read_replies();
    return replies_.size() >= count;
  });
  return replies_;
}

}  // namespace ordersaga::support
