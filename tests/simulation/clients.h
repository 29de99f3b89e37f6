// Who uses the system: a shop that places orders (and repeats itself, and makes mistakes), goods that come in, a warehouse
// that packs. Knows what must become of each order.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ordersaga/order/v1/commands.pb.h"
#include "tests/simulation/system.h"

namespace ordersaga::simulation {

enum class End : std::uint8_t { completed, rejected, cancelled, parked, open };
std::string_view name(End end);

struct SentOrder {
  std::string id;
  std::string kind;
  std::set<End> ends;       // where it may end while calls to the outside fail
  std::set<End> calm_ends;  // and where while they do not
  bool answer_at_end = false;
  bool other_bytes = false;  // were sent under its id too
};

inline constexpr std::string_view kReplyTopic = "ordersaga.replies.shop.v1";

class Clients {
 public:
  Clients(Surroundings& around, std::size_t orders);

  // Schedules all that they will do.
  void start();
  // All commands were sent, but for those of the warehouse.
  bool done() const { return planned_ == sent_; }
  const std::map<std::string, SentOrder>& orders() const { return orders_; }
  // Places (partition, offset) of records that are no commands.
  const std::set<std::pair<int, std::int64_t>>& garbage() const { return garbage_; }

 private:
  void receive(const std::string& sku, const std::string& location, std::int64_t quantity);
  void begin_orders();
  void plan_order(std::size_t n, Duration when);
  void send_garbage();
  void pack();
  kafka::OutgoingMessage message(const std::string& key, const std::string& id, const google::protobuf::Message& command, bool completed);
  // At `when`, and again later as faults have it.
  void send(kafka::OutgoingMessage message, Duration when, bool may_misplace);
  void append_at(Duration when, kafka::OutgoingMessage message, bool may_misplace = false);

  Surroundings& around_;
  World& world_;
  SeededRandom& random_;
  const std::size_t count_;
  std::map<std::string, SentOrder> orders_;
  std::set<std::pair<int, std::int64_t>> garbage_;
  std::size_t planned_ = 0;
  std::size_t sent_ = 0;
  std::map<Shard, Position> seen_;  // by the warehouse
  std::size_t receipts_ = 0;
};

}  // namespace ordersaga::simulation
