// Sends the demo's commands over Kafka and listens to what comes of them, as any service outside would.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "runtime/clock.h"
#include "runtime/kafka/bus.h"
#include "tools/demo/plan.h"
#include "tools/demo/scoreboard.h"

namespace ordersaga::demo {

// Whether every step is done in time; else what was waited for.
struct Ending {
  bool done = false;
  std::string waited_for;
};

// Called now and then while it goes on; must be quick.
struct Progress {
  std::size_t sent = 0;
  std::size_t answered = 0;
  std::size_t ended = 0;
};
using OnProgress = std::function<void(const Progress&)>;

// One thread. The references outlive it. `consumer` is a group of its own on the reply topic and on the events' topic, and
// must be assigned before the first command goes out.
class Conversation {
 public:
  Conversation(runtime::kafka::Producer& producer, runtime::kafka::Consumer& consumer, const runtime::Clock& clock,
               std::string reply_topic);

  // Throws std::runtime_error when a message cannot be delivered, or when stock is refused. `limit`: for each call.
  Ending receive_stock(const Plan& plan, std::string_view run, std::chrono::seconds limit, const std::stop_token& stop);
  Ending place_orders(const Plan& plan, Scoreboard& board, std::chrono::seconds limit, const std::stop_token& stop, const OnProgress& tell);

 private:
  void send(const std::string& key, const google::protobuf::Message& command, const std::string& id, std::string_view reply_when);
  void collect_deliveries(std::chrono::milliseconds timeout);

  runtime::kafka::Producer& producer_;
  runtime::kafka::Consumer& consumer_;
  const runtime::Clock& clock_;
  std::string reply_topic_;
};

}  // namespace ordersaga::demo
