#include "tests/simulation/clients.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "events/codec.h"
#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/shipment/v1/commands.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"
#include "schemas/headers.h"
#include "schemas/streams.h"

namespace ordersaga::simulation {
namespace {

struct Kind {
  const char* name;
  int weight;
  const char* token;
  const char* postcode;
  enum Stock : std::uint8_t { plenty, scarce, short_of } stock;
  End end;
};

constexpr Kind kKinds[] = {
    {"approved", 30, "tok_approved", "1011AB", Kind::plenty, End::completed},
    {"scarce", 15, "tok_approved", "1011AB", Kind::scarce, End::completed},  // or there is not enough
    {"declined", 6, "tok_declined", "1011AB", Kind::plenty, End::rejected},
    {"short", 4, "tok_approved", "1011AB", Kind::short_of, End::rejected},
    {"slow", 3, "tok_slow", "1011AB", Kind::plenty, End::completed},
    {"silent_done", 4, "tok_timeout_done", "1011AB", Kind::plenty, End::completed},
    {"silent_not_done", 3, "tok_timeout_not_done", "1011AB", Kind::plenty, End::rejected},
    {"silent_not_done_once", 4, "tok_timeout_not_done_once", "1011AB", Kind::plenty, End::completed},
    {"error_then_ok", 3, "tok_error_then_ok", "1011AB", Kind::plenty, End::completed},
    {"error_done", 3, "tok_error_done", "1011AB", Kind::plenty, End::completed},
    {"capture_fails", 4, "tok_capture_fails", "1011AB", Kind::plenty, End::cancelled},
    {"capture_silent_done", 3, "tok_capture_timeout_done", "1011AB", Kind::plenty, End::completed},
    {"capture_silent_not_done", 3, "tok_capture_timeout_not_done_once", "1011AB", Kind::plenty, End::completed},
    {"no_carrier", 3, "tok_approved", "NOCARRIER", Kind::plenty, End::cancelled},
    {"no_carrier_void_fails_once", 3, "tok_void_fails_once", "NOCARRIER", Kind::plenty, End::cancelled},
    {"no_carrier_void_silent", 3, "tok_void_timeout_done", "NOCARRIER", Kind::scarce, End::cancelled},
    {"booking_slow", 2, "tok_approved", "SLOW", Kind::plenty, End::completed},
    {"booking_silent_done", 3, "tok_approved", "TIMEOUT", Kind::plenty, End::completed},
    {"booking_silent_not_done", 3, "tok_approved", "TIMEOUT-NOTDONE", Kind::plenty, End::completed},
    {"booking_unavailable", 2, "tok_approved", "UNAVAILABLE", Kind::plenty, End::completed},
    {"lost", 2, "tok_approved", "LOST", Kind::plenty, End::parked},
};

const Kind& pick(SeededRandom& random) {
  int all = 0;
  for (const Kind& k : kKinds) all += k.weight;
  auto at = static_cast<int>(random.below(static_cast<std::size_t>(all)));
  for (const Kind& k : kKinds)
    if ((at -= k.weight) < 0) return k;
  return kKinds[0];
}

order::v1::PlaceOrder make_order(const std::string& id, const Kind& kind, SeededRandom& random) {
  order::v1::PlaceOrder p;
  p.set_order_id(id);
  p.set_customer_id("customer-" + std::to_string(random.below(20)));
  std::size_t lines = 1 + random.below(3);
  auto add = [&](std::string sku, int quantity) {
    order::v1::OrderItem& item = *p.add_items();
    item.set_sku(std::move(sku));
    item.set_quantity(quantity);
    item.mutable_unit_price()->set_currency_code("EUR");
    item.mutable_unit_price()->set_amount_minor(100 + static_cast<std::int64_t>(random.below(10'000)));
  };
  for (std::size_t i = 0; i < lines; ++i) add("S" + std::to_string(random.below(5)), 1 + static_cast<int>(random.below(3)));
  if (kind.stock == Kind::scarce) add("SCARCE", 1 + static_cast<int>(random.below(3)));
  if (kind.stock == Kind::short_of) add("SCARCE", 100'000);
  auto& address = *p.mutable_shipping_address();
  address.set_name("A. Customer");
  address.add_lines("Street 1");
  address.set_postcode(kind.postcode);
  address.set_city("Berlin");
  address.set_country_code("DE");
  p.mutable_payment()->set_method(order::v1::PAYMENT_METHOD_CREDIT_CARD);
  p.mutable_payment()->set_token(kind.token);
  return p;
}

}  // namespace

std::string_view name(End end) {
  constexpr std::string_view kNames[] = {"COMPLETED", "REJECTED", "CANCELLED", "PARKED", "OPEN"};
  return kNames[static_cast<std::size_t>(end)];
}

Clients::Clients(Surroundings& around, std::size_t orders)
    : around_(around), world_(around.world), random_(around.world.random()), count_(orders) {
  around.bus.create(std::string(kReplyTopic), 2);
}

void Clients::start() {
  auto many = static_cast<std::int64_t>(count_) * 10 + 10;
  for (int i = 0; i < 5; ++i) {
    receive("S" + std::to_string(i), "main", many);
    receive("S" + std::to_string(i), "annex", many);
  }
  receive("SCARCE", "main", static_cast<std::int64_t>(count_ / 8) + 1);
  receive("SCARCE", "annex", static_cast<std::int64_t>(count_ / 8) + 1);
  ++planned_;  // the orders
  begin_orders();
  pack();
}

// An order for goods that never came in is refused: the shop opens when all are there.
void Clients::begin_orders() {
  if (events::MemoryEventStore(world_.log()).levels().size() < 12) return world_.after(200ms, [this] { begin_orders(); });
  ++sent_;
  Duration window = std::chrono::milliseconds(100) * static_cast<std::int64_t>(count_);
  for (std::size_t n = 0; n < count_; ++n) {
    plan_order(n, world_.now() + random_.between(0us, window));
    if (world_.faults().fires(Fault::garbage)) {
      ++planned_;
      world_.after(random_.between(0us, window), [this] { send_garbage(); });
    }
  }
  for (int i = 0; i < 3; ++i)
    world_.after(random_.between(0us, window), [this] { receive("SCARCE", "main", 1 + static_cast<std::int64_t>(random_.below(5))); });
}

void Clients::receive(const std::string& sku, const std::string& location, std::int64_t quantity) {
  inventory::v1::ReceiveStock command;
  command.set_sku(sku);
  command.set_location(location);
  command.set_quantity(quantity);
  send(message(sku, "receive-" + std::to_string(++receipts_), command, false), world_.now() + random_.between(0us, 500ms), false);
}

void Clients::plan_order(std::size_t n, Duration when) {
  const Kind& kind = pick(random_);
  SentOrder order;
  order.id = "o" + std::to_string(n);
  order.kind = kind.name;
  order.calm_ends = {kind.end};
  if (kind.stock == Kind::scarce) order.calm_ends.insert(End::rejected);
  order.ends = order.calm_ends;
  // Tries can be spent on a network that fails.
  order.ends.insert(End::rejected);
  if (kind.end != End::rejected) order.ends.insert(End::cancelled);
  order.answer_at_end = random_.chance(0.5);
  order::v1::PlaceOrder command = make_order(order.id, kind, random_);
  kafka::OutgoingMessage m = message(order.id, "place-" + order.id, command, order.answer_at_end);
  if (world_.faults().fires(Fault::other_bytes)) {
    order.other_bytes = true;
    command.mutable_items(0)->set_quantity(command.items(0).quantity() + 1);
    append_at(when + random_.between(1ms, 40s), message(order.id, "place-" + order.id, command, order.answer_at_end));
  }
  send(std::move(m), when, !order.other_bytes);
  orders_.emplace(order.id, std::move(order));
}

kafka::OutgoingMessage Clients::message(const std::string& key, const std::string& id, const google::protobuf::Message& command,
                                        bool completed) {
  kafka::OutgoingMessage m;
  m.topic = topics::kCommands;
  m.partition = shard_of(key, world_.shards()).value;
  m.key = key;
  auto header = [&](std::string_view name, std::string_view value) { m.headers.push_back({std::string(name), std::string(value)}); };
  header(headers::kId, id);
  header(headers::kType, command.GetDescriptor()->full_name());
  header(headers::kReplyTo, kReplyTopic);
  header(headers::kReplyWhen, completed ? headers::kReplyWhenCompleted : headers::kReplyWhenAccepted);
  if (random_.chance(0.1)) {
    header(headers::kContentType, headers::kJson);
    if (!google::protobuf::util::MessageToJsonString(command, &m.value).ok()) world_.fail("a command cannot be written as JSON");
  } else {
    m.value = command.SerializeAsString();
  }
  return m;
}

void Clients::send(kafka::OutgoingMessage m, Duration when, bool may_misplace) {
  if (world_.faults().fires(Fault::command_twice)) append_at(when + random_.between(0us, 2s), m);
  if (world_.faults().fires(Fault::client_retry)) append_at(when + random_.between(1s, 60s), m);
  append_at(when, std::move(m), may_misplace);
}

void Clients::append_at(Duration when, kafka::OutgoingMessage m, bool may_misplace) {
  ++planned_;
  world_.at(when, [this, m = std::move(m), may_misplace] {
    ++sent_;
    int partition = m.partition;
    if (may_misplace && world_.faults().fires(Fault::misplaced)) partition = (partition + 1) % world_.shards();
    around_.bus.append(m, partition);
  });
}

void Clients::send_garbage() {
  ++sent_;
  int partition = static_cast<int>(random_.below(static_cast<std::size_t>(world_.shards())));
  kafka::OutgoingMessage m;
  m.topic = topics::kCommands;
  if (random_.chance(0.5)) m.key = "o" + std::to_string(random_.below(count_));
  m.headers.push_back({std::string(headers::kId), "garbage"});
  m.headers.push_back({std::string(headers::kType), random_.chance(0.5) ? "no.such.Type" : ""});
  if (random_.chance(0.5)) m.headers.push_back({std::string(headers::kReplyTo), std::string(kReplyTopic)});
  for (std::size_t n = random_.below(100); n > 0; --n) m.value += static_cast<char>(random_.below(256));
  garbage_.emplace(partition, around_.bus.append(m, partition));
}

// The warehouse sees shipments in the log and packs them some time later.
void Clients::pack() {
  events::MemoryEventStore store(world_.log());
  std::vector<events::ShardPosition> after;
  for (int s = 0; s < world_.shards(); ++s) {
    Shard shard(static_cast<std::int16_t>(s));
    after.push_back({shard, seen_[shard]});
  }
  for (const events::RecordedEvent& e : store.read_shards(after, 1'000)) {
    seen_[e.shard] = e.position;
    if (events::type_of(e.type) != shipment::v1::ShipmentCreated::descriptor()) continue;
    std::string order(stream_key(e.stream));
    shipment::v1::RecordPack command;
    command.set_order_id(order);
    command.set_packed_by("w1");
    send(message(order, "pack-" + order, command, false), world_.now() + random_.between(100ms, 5s), true);
  }
  world_.after(300ms, [this] { pack(); });
}

}  // namespace ordersaga::simulation
