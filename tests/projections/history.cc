#include "tests/projections/history.h"

#include <fmt/format.h>

#include <stdexcept>

#include "events/codec.h"
#include "ordersaga/inventory/v1/events.pb.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/events.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"
#include "schemas/headers.h"
#include "schemas/streams.h"
#include "tests/support/proto_text.h"

namespace ordersaga::projections::testing {

namespace {

std::string rfc3339(Timestamp t) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(t);
  std::time_t clock = std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(seconds));
  std::tm utc{};
  gmtime_r(&clock, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                     utc.tm_sec, (t - seconds).count());
}

}  // namespace

History::History(int shards)
    : log_(std::make_unique<events::MemoryLog>(events::MemoryLog::Options{
          .shards = shards, .epoch = Epoch(1), .lock_timeout = {}, .clock = [this] { return now_; }, .hooks = {}})),
      store_(std::make_unique<events::MemoryEventStore>(*log_)) {}

History::History(std::unique_ptr<events::EventStore> store) : store_(std::move(store)) {}

std::vector<Shard> History::shards() const {
  std::vector<Shard> all;
  for (int i = 0; i < store_->shards(); ++i) all.emplace_back(static_cast<std::int16_t>(i));
  return all;
}

events::RecordedEvent History::append(events::NewRecord record) {
  now_ += std::chrono::milliseconds(1);
  Shard shard = record.shard;
  events::TurnWrite turn;
  turn.records.push_back(std::move(record));
  auto transaction = store_->begin({&shard, 1});
  auto outcome = transaction->write(turn, now_);
  auto* written = std::get_if<events::Written>(&outcome);
  if (written == nullptr) throw std::logic_error("the test's record was refused");
  transaction->commit();
  events::ShardPosition before{shard, Position(written->positions.at(0).value - 1)};
  return store_->read_shards({&before, 1}, 1).at(0);
}

events::RecordedEvent History::record(const std::string& stream, const google::protobuf::Message& message, const std::string& actor) {
  log::v1::RecordMetadata metadata;
  metadata.set_actor(actor);
  Version version = versions_[stream] = versions_[stream].next();
  return append({shard_of_key(std::string(stream_key(stream))), stream, version, events::number_of(message.GetDescriptor()),
                 message.SerializeAsString(), metadata.SerializeAsString()});
}

events::RecordedEvent History::record_input(const std::string& key, const google::protobuf::Message& message) {
  log::v1::RecordMetadata metadata;
  metadata.set_key(key);
  return append({shard_of_key(key), "", Version(), events::number_of(message.GetDescriptor()), message.SerializeAsString(),
                 metadata.SerializeAsString()});
}

events::RecordedEvent History::record_bytes(const std::string& stream, events::TypeNumber type, const std::string& payload) {
  Version version = versions_[stream] = versions_[stream].next();
  return append({shard_of_key(std::string(stream_key(stream))), stream, version, type, payload, ""});
}

runtime::kafka::ConsumedMessage message_of(const events::RecordedEvent& event, std::int64_t offset, Epoch epoch) {
  log::v1::RecordMetadata metadata;
  if (!metadata.ParseFromString(event.metadata)) throw std::logic_error("the test's metadata cannot be read");
  const auto* type = events::type_of(event.type);
  runtime::kafka::ConsumedMessage message;
  message.topic = topics::kEvents;
  message.partition = event.shard.value;
  message.offset = offset;
  message.key = event.stream.empty() ? metadata.key() : std::string(stream_key(event.stream));
  message.value = event.payload;
  auto header = [&](std::string_view name, std::string value) { message.headers.push_back({std::string(name), std::move(value)}); };
  header(headers::kType, type ? type->full_name() : "ordersaga.order.v1.FromTheFuture");
  header(headers::kTime, rfc3339(event.recorded_at));
  header(headers::kShard, std::to_string(event.shard.value));
  header(headers::kPosition, std::to_string(event.position.value));
  header(headers::kEpoch, std::to_string(epoch.value));
  header(headers::kActor, metadata.actor());
  if (!event.stream.empty()) {
    header(headers::kSubject, event.stream);
    header(headers::kSequence, std::to_string(event.version.value));
  }
  return message;
}

std::string placed_text(const std::string& order_id) {
  return fmt::format(R"(
    order_id: '{}' order_number: 'ORD-00000017' customer_id: 'c-1'
    items {{ sku: 'SKU-1' quantity: 2 unit_price {{ currency_code: 'EUR' amount_minor: 1000 }} product_id: 'p1' variant_id: 'v1' name: 'Lamp' }}
    items {{ sku: 'SKU-2' quantity: 1 unit_price {{ currency_code: 'EUR' amount_minor: 550 }} name: 'Bulb "B"' }}
    totals {{ currency_code: 'EUR' subtotal_minor: 2550 total_minor: 2550 }}
    shipping_address {{ name: 'A. Person' lines: 'Street 1' lines: 'Floor 2' postcode: '1010' city: 'Wien' country_code: 'AT' email: 'a@b.example' }}
    billing_address {{ name: 'B. Person' lines: 'Lane 9' postcode: '20095' city: 'Hamburg' country_code: 'DE' }}
    payment {{ method: PAYMENT_METHOD_CREDIT_CARD token: 'tok_ok' }}
    shipping_method: 'STANDARD' coupon_code: 'SPRING' notes: 'ring twice')",
                     order_id);
}

void record_completed_order(History& history, const std::string& id) {
  namespace order = ordersaga::order::v1;
  namespace inventory = ordersaga::inventory::v1;
  namespace payment = ordersaga::payment::v1;
  namespace shipment = ordersaga::shipment::v1;
  namespace saga = ordersaga::saga::v1;
  using tests::proto;
  const std::string allocation =
      "allocations { sku: 'SKU-1' location: 'ams' quantity: 2 } allocations { sku: 'SKU-2' location: 'ber' quantity: 1 }";
  const std::string amount = "amount { currency_code: 'EUR' amount_minor: 2550 }";
  auto advance = [&](const std::string& definition, const std::string& transitions) {
    history.record("saga-" + definition + "-" + id, proto<saga::SagaAdvanced>("definition_version: 1 " + transitions));
  };
  log::v1::InputRecord input;
  input.set_command_id("c-" + id);
  history.record_input(id, input);
  history.record("order-" + id, proto<order::OrderPlaced>(placed_text(id)));
  advance("place_order",
          "transitions { kind: TRANSITION_KIND_STARTED } transitions { kind: TRANSITION_KIND_STEP_STARTED step: 1 attempt: 1 step_name: "
          "'ReserveStock' }");
  history.record("reservation-" + id, proto<inventory::StockReserved>(allocation));
  advance(
      "place_order",
      "transitions { kind: TRANSITION_KIND_STEP_STARTED step: 2 attempt: 1 step_name: 'AuthorizePayment' wake_after_micros: 20000000 }");
  history.record("payment-" + id + ".1", proto<payment::PaymentRequested>("payment_id: '" + id + ".1' " + amount));
  history.record("payment-" + id + ".1", proto<payment::PaymentAuthorized>(amount + " reference: 'auth-1'"));
  history.record("reservation-" + id, inventory::ReservationCommitted());
  history.record("order-" + id, order::OrderConfirmed());
  advance("place_order", "transitions { kind: TRANSITION_KIND_PIVOT_PASSED } transitions { kind: TRANSITION_KIND_COMPLETED }");
  advance("fulfil_order",
          "transitions { kind: TRANSITION_KIND_STARTED } transitions { kind: TRANSITION_KIND_STEP_STARTED attempt: 1 step_name: "
          "'CreateShipment' }");
  history.record("shipment-" + id + ".1",
                 proto<shipment::ShipmentCreated>("shipment_id: '" + id + ".1' carrier: 'swift' tracking_number: 'T1'"));
  history.record("order-" + id, order::FulfilmentStarted());
  history.record("shipment-" + id + ".1", shipment::ShipmentPacked());
  history.record("payment-" + id + ".1", proto<payment::PaymentCaptured>(amount + " reference: 'cap-1'"));
  history.record("order-" + id, order::OrderReady());
  history.record("shipment-" + id + ".1", shipment::ShipmentDispatched());
  history.record("reservation-" + id, proto<inventory::ReservationConsumed>(allocation));
  history.record("order-" + id, order::OrderShipped());
  history.record("shipment-" + id + ".1", proto<shipment::ShipmentTrackingUpdated>("status: TRACKING_STATUS_IN_TRANSIT"));
  history.record("shipment-" + id + ".1", shipment::ShipmentDelivered());
  history.record("order-" + id, order::OrderDelivered());
  history.record("order-" + id, order::OrderCompleted());
  advance("fulfil_order", "transitions { kind: TRANSITION_KIND_COMPLETED }");
}

}  // namespace ordersaga::projections::testing
