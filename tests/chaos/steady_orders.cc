// steady_orders: places orders over Kafka at an even rate until it is told to stop (SIGTERM), then waits until every one of
// them has ended. A client that may rely on nothing but the log: Kafka may lose commands that it has acknowledged (its data
// are wiped), so what the log does not have after some seconds is sent again, byte for byte under the same id, and the
// inbox must see to it that this makes no second order.
//
// Exit code: 0 every order ended, 1 it failed, 2 usage, 6 some had not ended when the time ran out.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "runtime/kafka/kafka_producer.h"
#include "runtime/postgres/connection.h"
#include "runtime/settings.h"
#include "runtime/shutdown.h"
#include "schemas/headers.h"

namespace ordersaga::chaos {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
namespace kafka = runtime::kafka;
namespace postgres = runtime::postgres;

constexpr postgres::Statement kInLog{"storm_in_log", "SELECT DISTINCT stream FROM log.events WHERE stream = ANY($1) AND version = 1"};
constexpr postgres::Statement kWaiting{"storm_waiting", "SELECT count(*) FROM log.wakeups"};

constexpr auto kLookEvery = 1s;
constexpr auto kSendAgainAfter = 5s;
constexpr auto kSayEvery = 15s;
constexpr int kSkus = 5;
constexpr std::int64_t kReceived = 1'000'000;

struct Settings {
  std::string brokers;
  std::string database;
  std::string run = "storm";
  std::int64_t rate = 10;
  std::chrono::milliseconds timeout = 5min;
};

std::optional<std::string> read_settings(int argc, const char* const* argv, Settings& s) {
  runtime::SettingsReader reader("steady_orders", "Places orders at an even rate until SIGTERM, then waits for their ends.",
                                 ORDERSAGA_VERSION);
  reader.add("brokers", s.brokers, "Kafka's bootstrap servers");
  reader.add("database", s.database, "Postgres, as a libpq connection string or URI without a password");
  reader.add("run", s.run, "what the orders' ids begin with");
  reader.add("rate", s.rate, "orders a second", {1, 10'000});
  reader.add("timeout", s.timeout, "how long to wait for the orders' ends after SIGTERM", {1s, 24h});
  return reader.read(argc, argv, runtime::process_environment());
}

struct Command {
  kafka::OutgoingMessage message;
  Steady::time_point first_sent{};
  Steady::time_point sent{};
};

kafka::OutgoingMessage message_of(const std::string& id, const std::string& key, const google::protobuf::Message& command) {
  kafka::OutgoingMessage message;
  message.topic = topics::kCommands;
  message.key = key;
  message.value = command.SerializeAsString();
  auto header = [&](std::string_view name, std::string value) { message.headers.push_back({std::string(name), std::move(value)}); };
  header(headers::kId, id);
  header(headers::kType, command.GetDescriptor()->full_name());
  header(headers::kContentType, std::string(headers::kProtobuf));
  header(headers::kReplyTo, std::string(topics::kRepliesPrefix) + "storm.v1");
  header(headers::kReplyWhen, std::string(headers::kReplyWhenCompleted));
  return message;
}

std::string sku(std::int64_t n) {
  return fmt::format("STORM-{}", n % kSkus);
}

// Of ten orders seven go through; the others want what the simulated gateway does badly.
std::string token(std::int64_t n) {
  constexpr std::string_view kTokens[] = {"tok_approved", "tok_approved",     "tok_declined", "tok_approved",   "tok_approved",
                                          "tok_approved", "tok_timeout_done", "tok_approved", "tok_error_done", "tok_approved"};
  return std::string(kTokens[static_cast<std::size_t>(n) % std::size(kTokens)]);
}

class Client {
 public:
  explicit Client(const Settings& settings) : settings_(settings) {}

  // Places orders until the stop; throws when goods cannot be received within the timeout.
  void place(const std::stop_token& stop) {
    for (int i = 0; i < kSkus; ++i) receive(sku(i));
    auto limit = Steady::now() + settings_.timeout;
    while (!waiting_.empty() && !stop.stop_requested()) {
      if (Steady::now() > limit) throw std::runtime_error("the goods were not received in time");
      work();
    }
    const auto every = std::chrono::nanoseconds(1s) / settings_.rate;
    for (auto next = Steady::now(); !stop.stop_requested(); work())
      for (; next <= Steady::now(); next += every) order(placed_++);
  }

  // True: every order is in the log, and no saga waits for anything.
  bool await_ends() {
    auto limit = Steady::now() + settings_.timeout;
    while (Steady::now() < limit) {
      work();
      if (waiting_.empty() && sagas_waiting_ == 0) return true;
    }
    return false;
  }

  std::string summary() const {
    return fmt::format(
        "{} orders placed, {} not in the log, {} commands sent again, longest from first sending to the log {:.1f} s, {} sagas wait",
        placed_, waiting_.size(), sent_again_, std::chrono::duration<double>(longest_).count(), sagas_waiting_);
  }

 private:
  void receive(const std::string& name) {
    inventory::v1::ReceiveStock command;
    command.set_sku(name);
    command.set_location("ams");
    command.set_quantity(kReceived);
    send_first("stock-" + name, message_of("receive-" + name, name, command));
  }

  void order(std::int64_t n) {
    std::string id = fmt::format("{}-{:06}", settings_.run, n);
    order::v1::PlaceOrder command;
    command.set_order_id(id);
    command.set_customer_id(fmt::format("customer-{}", n % 100));
    order::v1::OrderItem& item = *command.add_items();
    item.set_sku(sku(n));
    item.set_name("A thing");
    item.set_quantity(1);
    item.mutable_unit_price()->set_currency_code("EUR");
    item.mutable_unit_price()->set_amount_minor(1'000 + n % 1'000);
    common::v1::Address& address = *command.mutable_shipping_address();
    address.set_name("Ada");
    address.add_lines("Kade 1");
    address.set_postcode(n % 37 == 0 ? "TIMEOUT" : n % 41 == 0 ? "NOCARRIER" : "1011AB");
    address.set_city("Amsterdam");
    address.set_country_code("NL");
    command.mutable_payment()->set_method(order::v1::PAYMENT_METHOD_TOKEN);
    command.mutable_payment()->set_token(token(n));
    command.set_shipping_method("standard");
    send_first("order-" + id, message_of("place-" + id, id, command));
  }

  void send_first(const std::string& stream, kafka::OutgoingMessage message) {
    Command& command = waiting_[stream];
    command.message = std::move(message);
    command.first_sent = Steady::now();
    send(command);
  }

  // What cannot be sent now, or is not delivered, is sent again later like all that the log does not have.
  void send(Command& command) {
    command.sent = Steady::now();
    try {
      if (!producer_) {
        kafka::Config config;
        config.brokers = settings_.brokers;
        config.client_id = "steady_orders";
        producer_ = std::make_unique<kafka::KafkaProducer>(config, kafka::ProducerOptions{.message_timeout = 4s});
      }
      producer_->produce(command.message, 1);
    } catch (const kafka::KafkaError&) {
      producer_.reset();
    }
  }

  void work() {
    try {
      deliveries_.clear();
      if (producer_) producer_->poll(20ms, deliveries_);
    } catch (const kafka::KafkaError&) {
      producer_.reset();
    }
    auto now = Steady::now();
    if (now >= next_look_) {
      next_look_ = now + kLookEvery;
      look(now);
    }
    if (now >= next_word_) {
      next_word_ = now + kSayEvery;
      fmt::print(stderr, "{}\n", summary());
    }
  }

  void look(Steady::time_point now) {
    try {
      if (!log_) log_ = std::make_unique<postgres::Connection>(postgres::with_keyword(settings_.database, "user", "ordersaga_operator"));
      postgres::Array streams = postgres::Array::of_text(waiting_.size());
      for (const auto& [stream, command] : waiting_) streams.add(stream);
      postgres::Parameters parameters;
      parameters.add(std::move(streams));
      postgres::Rows rows = log_->exec(kInLog, parameters);
      for (std::size_t r = 0; r < rows.size(); ++r) {
        auto found = waiting_.find(std::string(rows.text(r, 0)));
        longest_ = std::max(longest_, now - found->second.first_sent);
        waiting_.erase(found);
      }
      sagas_waiting_ = log_->exec(kWaiting, {}).integer(0, 0);
    } catch (const postgres::Error&) {
      log_.reset();  // Postgres is away: it will come back
      return;
    }
    for (auto& [stream, command] : waiting_) {
      if (now - command.sent < kSendAgainAfter) continue;
      ++sent_again_;
      send(command);
    }
  }

  const Settings& settings_;
  std::unique_ptr<kafka::KafkaProducer> producer_;
  std::vector<kafka::Delivery> deliveries_;
  std::unique_ptr<postgres::Connection> log_;
  std::map<std::string, Command> waiting_;  // by the stream that it begins; not in the log yet
  std::int64_t placed_ = 0;
  std::int64_t sent_again_ = 0;
  std::int64_t sagas_waiting_ = 0;
  Steady::duration longest_{};
  Steady::time_point next_look_{};
  Steady::time_point next_word_ = Steady::now() + kSayEvery;
};

int run(const Settings& settings) {
  Client client(settings);
  {
    runtime::Shutdown shutdown(24h);
    client.place(shutdown.token());
    // A second signal ends the waiting too.
    bool all = client.await_ends();
    fmt::print("{}\n", client.summary());
    return all ? 0 : 6;
  }
}

}  // namespace
}  // namespace ordersaga::chaos

int main(int argc, char** argv) {
  using namespace ordersaga;
  chaos::Settings settings;
  try {
    if (auto text = chaos::read_settings(argc, argv, settings)) {
      std::cout << *text;
      return 0;
    }
    return chaos::run(settings);
  } catch (const runtime::SettingsError& error) {
    std::cerr << "steady_orders: " << error.what() << std::endl;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "steady_orders: " << error.what() << std::endl;
    return 1;
  }
}
