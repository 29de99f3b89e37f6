#include "tests/tools/verify/history.h"

#include <set>
#include <stdexcept>

#include "ordersaga/inventory/v1/events.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/events.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"
#include "schemas/lineage.h"
#include "schemas/streams.h"
#include "tools/verify/reused_ids.h"

namespace ordersaga::verify::test {

namespace inventory = ordersaga::inventory::v1;
namespace order_v1 = ordersaga::order::v1;
namespace payment = ordersaga::payment::v1;
namespace saga = ordersaga::saga::v1;
namespace shipment_v1 = ordersaga::shipment::v1;

namespace {

constexpr std::int64_t kTotal = 1'000;
constexpr const char* kPostcode = "1011AB";

void set(ordersaga::common::v1::Money* money) {
  money->set_currency_code("EUR");
  money->set_amount_minor(kTotal);
}

inventory::Allocation allocation() {
  inventory::Allocation a;
  a.set_sku("SKU-1");
  a.set_location("ams");
  a.set_quantity(1);
  a.set_seen_on_hand(100);
  return a;
}

std::string number_of(std::string order) {
  for (char& c : order) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "ORD-" + order;
}

saga::SagaAdvanced moved(std::initializer_list<saga::TransitionKind> kinds) {
  saga::SagaAdvanced record;
  for (saga::TransitionKind kind : kinds) record.add_transitions()->set_kind(kind);
  return record;
}

saga::SagaAdvanced asks(saga::Operation operation) {
  saga::SagaAdvanced record = moved({saga::TRANSITION_KIND_STEP_STARTED});
  saga::EffectRequest* request = record.mutable_request();
  request->set_operation(operation);
  set(request->mutable_amount());
  request->mutable_destination()->set_postcode(kPostcode);
  return record;
}

}  // namespace

History::History() : log(kShards), snapshots(kShards), inboxes(kShards), topic(kShards) {
  level_table.as_of.resize(kShards);
  for (int i = 0; i < kShards; ++i) snapshots[static_cast<std::size_t>(i)].shard = Shard(static_cast<std::int16_t>(i));
}

events::RecordedEvent& History::append(const std::string& stream, const google::protobuf::Message& payload) {
  events::RecordedEvent& record = append_keyed(std::string(stream_key(stream)), payload);
  record.stream = stream;
  record.version = versions_[stream] = versions_[stream].next();
  log::v1::RecordMetadata metadata;
  pack_id(causes_[std::string(stream_key(stream))], *metadata.mutable_causation());
  record.metadata = metadata.SerializeAsString();
  return record;
}

events::RecordedEvent& History::append_keyed(const std::string& key, const google::protobuf::Message& payload) {
  std::vector<events::RecordedEvent>& shard = log_of(key);
  events::RecordedEvent record;
  record.shard = shard_of_key(key);
  record.position = Position(static_cast<std::int64_t>(shard.size()) + 1);
  record.type = events::number_of(payload.GetDescriptor());
  record.payload = payload.SerializeAsString();
  log::v1::RecordMetadata metadata;
  metadata.set_key(key);
  record.metadata = metadata.SerializeAsString();
  record.recorded_at = Timestamp(std::chrono::seconds(1'700'000'000 + record.position.value));
  snapshots[index(key)].head = record.position;
  level_table.as_of[index(key)] = record.position;
  shard.push_back(record);
  return shard.back();
}

events::RecordedEvent& History::decide(const std::string& key, const log::v1::InputRecord& input) {
  events::RecordedEvent& record = append_keyed(key, input);
  const std::string& id = input.idempotency_key().empty() ? input.command_id() : input.idempotency_key();
  inboxes[index(key)].rows.push_back({key, id, record.position, content_hash(input.type(), input.data())});
  causes_[key] = input.command_id();
  return record;
}

void History::change_level(int on_hand, int reserved) {
  level_table.levels.at(0).on_hand += on_hand;
  level_table.levels.at(0).reserved += reserved;
}

void History::receive(const std::string& sku, const std::string& location, int quantity) {
  log::v1::InputRecord input;
  input.set_command_id("receive-" + sku);
  input.set_type("ordersaga.inventory.v1.ReceiveStock");
  input.set_outcome(ordersaga::common::v1::OUTCOME_ACCEPTED);
  input.set_stream("stock-" + sku);
  input.set_version(1);
  decide(sku, input);
  inventory::StockReceived event;
  event.set_sku(sku);
  event.set_location(location);
  event.set_quantity(quantity);
  append("stock-" + sku, event);
  level_table.levels.push_back({sku, location, quantity, 0});
}

void History::advance(const std::string& stream, const std::string& order, saga::SagaAdvanced advanced) {
  if (advanced.has_request()) advanced.mutable_transitions(advanced.transitions_size() - 1)->set_attempt(1);
  append(stream, advanced);
  if (advanced.has_request()) causes_[order] = call_of(stream, advanced);
  std::erase_if(wakeups_of(order), [&](const SagaWakeup& w) { return w.saga == stream; });
  saga::TransitionKind last = advanced.transitions(advanced.transitions_size() - 1).kind();
  if (last != saga::TRANSITION_KIND_COMPLETED && last != saga::TRANSITION_KIND_FAILED && last != saga::TRANSITION_KIND_PARKED)
    wakeups_of(order).push_back({stream, advanced.has_request()});
}

void History::place(const std::string& order) {
  log::v1::InputRecord input;
  input.set_command_id("cmd-" + std::to_string(++commands_));
  input.set_idempotency_key("key-" + order);
  input.set_type("ordersaga.order.v1.PlaceOrder");
  input.set_outcome(ordersaga::common::v1::OUTCOME_ACCEPTED);
  input.set_stream("order-" + order);
  input.set_version(1);
  input.set_data("the command's bytes");
  decide(order, input);
  order_v1::OrderPlaced placed;
  placed.set_order_id(order);
  placed.set_order_number(number_of(order));
  placed.mutable_totals()->set_currency_code("EUR");
  placed.mutable_totals()->set_total_minor(kTotal);
  append("order-" + order, placed);
  advance("saga-place_order-" + order, order, moved({saga::TRANSITION_KIND_STARTED, saga::TRANSITION_KIND_STEP_SUCCEEDED}));
}

void History::reserve(const std::string& order) {
  inventory::StockReserved event;
  *event.add_allocations() = allocation();
  append("reservation-" + order, event);
  change_level(-1, 1);
}

void History::authorize(const std::string& order) {
  advance("saga-place_order-" + order, order, asks(saga::OPERATION_AUTHORIZE_PAYMENT));
  gateway.push_back({order + ".1", GatewayOperation::authorize, "EUR", kTotal, "auth-" + order});
  payment::PaymentAuthorized event;
  set(event.mutable_amount());
  append("payment-" + order + ".1", event);
}

void History::confirm(const std::string& order) {
  append("order-" + order, order_v1::OrderConfirmed());
  append("reservation-" + order, inventory::ReservationCommitted());
  advance("saga-place_order-" + order, order, moved({saga::TRANSITION_KIND_STEP_SUCCEEDED, saga::TRANSITION_KIND_COMPLETED}));
  advance("saga-fulfil_order-" + order, order, moved({saga::TRANSITION_KIND_STARTED}));
}

void History::capture(const std::string& order) {
  advance("saga-fulfil_order-" + order, order, asks(saga::OPERATION_CAPTURE_PAYMENT));
  gateway.push_back({order + ".1", GatewayOperation::capture, "EUR", kTotal, "capture-" + order});
  payment::PaymentCaptured event;
  set(event.mutable_amount());
  append("payment-" + order + ".1", event);
}

void History::book(const std::string& order) {
  advance("saga-fulfil_order-" + order, order, asks(saga::OPERATION_BOOK_SHIPMENT));
  carrier.push_back({order + ".1", CarrierOperation::book, "bkg-" + order, "bkg-" + order, kPostcode, "SP-" + order});
  shipment_v1::ShipmentCreated created;
  created.set_shipment_id(order + ".1");
  created.set_booking_reference("bkg-" + order);
  created.set_tracking_number("SP-" + order);
  append("shipment-" + order + ".1", created);
}

void History::hand_over(const std::string& order) {
  append("shipment-" + order + ".1", shipment_v1::ShipmentPacked());
  advance("saga-fulfil_order-" + order, order, asks(saga::OPERATION_HAND_OVER_SHIPMENT));
  carrier.push_back({order + ".1", CarrierOperation::hand_over, "han-" + order, "bkg-" + order});
  booking_of(order).tracking = shipment_v1::TRACKING_STATUS_HANDED_OVER;
  shipment_v1::ShipmentDispatched dispatched;
  dispatched.set_reference("han-" + order);
  append("shipment-" + order + ".1", dispatched);
}

void History::deliver(const std::string& order) {
  booking_of(order).tracking = shipment_v1::TRACKING_STATUS_DELIVERED;
  append("shipment-" + order + ".1", shipment_v1::ShipmentDelivered());
}

void History::cancel_shipment(const std::string& order) {
  saga::SagaAdvanced undo = asks(saga::OPERATION_CANCEL_SHIPMENT);
  undo.mutable_transitions(0)->set_kind(saga::TRANSITION_KIND_COMPENSATION_STARTED);
  advance("saga-fulfil_order-" + order, order, undo);
  carrier.push_back({order + ".1", CarrierOperation::cancel, "can-" + order, "bkg-" + order});
  booking_of(order).tracking = shipment_v1::TRACKING_STATUS_CANCELLED;
  append("shipment-" + order + ".1", shipment_v1::ShipmentCancelled());
  advance("saga-fulfil_order-" + order, order, moved({saga::TRANSITION_KIND_STEP_COMPENSATED, saga::TRANSITION_KIND_FAILED}));
}

CarrierEntry& History::booking_of(const std::string& order) {
  for (CarrierEntry& entry : carrier)
    if (entry.shipment_id == order + ".1" && entry.operation == CarrierOperation::book) return entry;
  throw std::invalid_argument("nothing was booked for " + order);
}

void History::ship_and_complete(const std::string& order) {
  book(order);
  hand_over(order);
  deliver(order);
  inventory::ReservationConsumed consumed;
  *consumed.add_allocations() = allocation();
  append("reservation-" + order, consumed);
  change_level(0, -1);
  append("order-" + order, order_v1::OrderShipped());
  append("order-" + order, order_v1::OrderDelivered());
  append("order-" + order, order_v1::OrderCompleted());
  advance("saga-fulfil_order-" + order, order, moved({saga::TRANSITION_KIND_COMPLETED}));
}

void History::void_and_release(const std::string& order) {
  saga::SagaAdvanced undo = asks(saga::OPERATION_VOID_PAYMENT);
  undo.mutable_transitions(0)->set_kind(saga::TRANSITION_KIND_COMPENSATION_STARTED);
  advance("saga-place_order-" + order, order, undo);
  gateway.push_back({order + ".1", GatewayOperation::void_authorization, "EUR", 0, "void-" + order});
  append("payment-" + order + ".1", payment::AuthorizationVoided());
  inventory::StockReleased released;
  *released.add_allocations() = allocation();
  append("reservation-" + order, released);
  change_level(1, -1);
}

void History::reject(const std::string& order) {
  append("order-" + order, order_v1::OrderRejected());
  advance("saga-place_order-" + order, order, moved({saga::TRANSITION_KIND_STEP_COMPENSATED, saga::TRANSITION_KIND_FAILED}));
}

void History::completed(const std::string& order) {
  place(order);
  reserve(order);
  authorize(order);
  confirm(order);
  capture(order);
  ship_and_complete(order);
}

void History::rejected(const std::string& order) {
  place(order);
  reserve(order);
  authorize(order);
  void_and_release(order);
  reject(order);
}

void History::publish_all() {
  for (std::size_t i = 0; i < kShards; ++i) {
    topic[i].clear();
    for (const events::RecordedEvent& r : log[i]) {
      PublishedEvent message;
      message.offset = static_cast<std::int64_t>(topic[i].size());
      message.epoch = Epoch(1);
      message.position = r.position;
      message.type = events::type_of(r.type)->full_name();
      message.stream = r.stream;
      message.version = r.version;
      message.key = stream_key(r.stream);
      message.value = r.payload;
      log::v1::RecordMetadata metadata;
      if (metadata.ParseFromString(r.metadata) && r.stream.empty()) message.key = metadata.key();
      if (log::v1::InputRecord input; r.stream.empty() && input.ParseFromString(r.payload)) {
        input.clear_data();
        message.value = input.SerializeAsString();
      }
      topic[i].push_back(message);
    }
  }
}

void History::project_all() {
  for (std::size_t i = 0; i < kShards; ++i) {
    ReadRows rows;
    rows.orders_checkpoint = rows.sagas_checkpoint = rows.stock_checkpoint = snapshots[i].head;
    std::map<std::string, OrderRow> orders;
    std::map<std::string, SagaRow> sagas;
    std::map<std::pair<std::string, std::string>, StockPartRow> stock;
    for (const events::RecordedEvent& r : log[i]) {
      std::string type = events::type_of(r.type)->name();
      std::string key(stream_key(r.stream));
      if (r.stream.rfind("order-", 0) == 0) {
        OrderRow& row = orders[key];
        row = {key, number_of(key), row.status, "EUR", kTotal, row.captured_minor, row.refunded_minor};
        row.status = type == "OrderPlaced" ? "PENDING" : type.substr(5);
        for (char& c : row.status) c = static_cast<char>(std::toupper(c));
      } else if (type == "PaymentCaptured") {
        payment::PaymentCaptured event;
        event.ParseFromString(r.payload);
        orders[key].captured_minor += event.amount().amount_minor();
      } else if (r.stream.rfind("saga-", 0) == 0) {
        saga::SagaAdvanced advanced;
        advanced.ParseFromString(r.payload);
        SagaRow& row = sagas[r.stream];
        row.saga = r.stream;
        row.version = r.version;
        if (row.state.empty()) row.state = "RUNNING";
        saga::TransitionKind last = advanced.transitions(advanced.transitions_size() - 1).kind();
        if (last == saga::TRANSITION_KIND_COMPENSATION_STARTED) row.state = "COMPENSATING";
        if (last == saga::TRANSITION_KIND_COMPLETED) row.state = "COMPLETED";
        if (last == saga::TRANSITION_KIND_FAILED) row.state = "FAILED";
        if (last == saga::TRANSITION_KIND_PARKED) row.state = "PARKED";
      } else if (type == "StockReceived") {
        inventory::StockReceived event;
        event.ParseFromString(r.payload);
        StockPartRow& row = stock[{event.sku(), event.location()}];
        row = {event.sku(), event.location(), row.on_hand + event.quantity(), row.reserved, row.shipped, row.received + event.quantity()};
      } else if (type == "StockReserved" || type == "StockReleased" || type == "ReservationConsumed") {
        StockPartRow& row = stock[{"SKU-1", "ams"}];
        row.sku = "SKU-1";
        row.location = "ams";
        row.on_hand += type == "StockReserved" ? -1 : type == "StockReleased" ? 1 : 0;
        row.reserved += type == "StockReserved" ? 1 : -1;
        row.shipped += type == "ReservationConsumed" ? 1 : 0;
      }
    }
    for (auto& [id, row] : orders) rows.orders.push_back(row);
    for (auto& [id, row] : sagas) rows.sagas.push_back(row);
    for (auto& [id, row] : stock) rows.stock.push_back(row);
    snapshots[i].read = rows;
  }
}

void History::scan(Shard shard, Position upto, const LogSource::Visit& visit) {
  for (const events::RecordedEvent& record : log[static_cast<std::size_t>(shard.value)])
    if (record.position <= upto) visit(record);
}

ShardSnapshot History::shard(Shard shard) {
  return snapshots[static_cast<std::size_t>(shard.value)];
}

Inbox History::inbox(Shard shard, Position) {
  return inboxes[static_cast<std::size_t>(shard.value)];
}

void History::scan(Shard shard, const TopicSource::Visit& visit) {
  for (const PublishedEvent& message : topic[static_cast<std::size_t>(shard.value)]) visit(message);
}

std::vector<Finding> History::judge() {
  const std::set<Group> groups{Group::log, Group::money, Group::stock, Group::shipments, Group::sagas, Group::outbox, Group::projections};
  return check({.log = this, .tables = this, .gateway = this, .carrier = this, .topic = this, .rebuild = this}, groups).findings.kept();
}

History good_history() {
  History history;
  history.receive("SKU-1", "ams", 100);
  history.completed("a");
  history.rejected("b");
  history.completed("c");
  history.place("d");
  history.reserve("d");
  history.authorize("d");
  history.publish_all();
  history.project_all();
  return history;
}

std::string bytes_of(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

std::vector<std::string> broken(const std::vector<Finding>& findings) {
  std::set<std::string> ids;
  for (const Finding& finding : findings) ids.insert(finding.invariant);
  return {ids.begin(), ids.end()};
}

}  // namespace ordersaga::verify::test
