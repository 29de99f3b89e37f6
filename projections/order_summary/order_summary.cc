#include "projections/order_summary/order_summary.h"

#include "projections/enum_word.h"

namespace ordersaga::projections::order_summary {

namespace {

namespace common = ordersaga::common::v1;

std::string method_word(order::PaymentMethod method) {
  return enum_word(order::PaymentMethod_Name(method), "PAYMENT_METHOD_", method);
}

std::string operation_word(payment::PaymentOperation operation) {
  return enum_word(payment::PaymentOperation_Name(operation), "PAYMENT_OPERATION_", operation);
}

std::string tracking_word(shipment::TrackingStatus status) {
  return enum_word(shipment::TrackingStatus_Name(status), "TRACKING_STATUS_", status);
}

Entry address_entry(std::string_view type, const common::Address& a) {
  std::string lines;
  for (const std::string& line : a.lines()) {
    if (!lines.empty()) lines.push_back('\n');
    lines += line;
  }
  Entry entry;
  entry.add(type);
  for (const std::string* field :
       {&a.name(), static_cast<const std::string*>(&lines), &a.postcode(), &a.city(), &a.country_code(), &a.phone(), &a.email()})
    entry.add(std::string_view(*field));
  return entry;
}

// What the payment's or shipment's id has behind the order's: its number.
std::string_view number_of(const Record& r) {
  std::string_view stream = r.event.stream;
  return stream.substr(stream.rfind('.') + 1);
}

}  // namespace

void OrderSummary::want(const Record& record) {
  if (record.type == order::OrderPlaced::descriptor()) {
    orders_.expect_none(record.key);
  } else {
    orders_.want(record.key);
  }
}

Order& OrderSummary::changed(const Record& r) {
  Order* order = orders_.find(r.key);
  if (order == nullptr) throw BrokenHistory("the order " + r.key + " was never placed");
  order->updated_at = r.event.recorded_at;
  order->position = r.position();
  return *order;
}

void OrderSummary::change_status(const Record& r, Order& order, std::string_view status, std::string_view notes) {
  order.status = status;
  order.statuses.add(Entry().add(r.event.version.value).add(status).add(notes).add(std::string_view(r.actor)).add(r.event.recorded_at));
}

void OrderSummary::close(const Record& r, std::string_view status, const std::string& code, const std::string& reason) {
  Order& order = changed(r);
  order.rejection_code = code;
  order.rejection_reason = reason;
  order.cancelled_at = r.event.recorded_at;
  change_status(r, order, status, reason.empty() ? code : code + ": " + reason);
}

void OrderSummary::on(const Record& r, const order::OrderPlaced& e) {
  if (e.order_id() != r.key) throw BrokenHistory("the order placed is " + e.order_id() + ", the stream's is " + r.key);
  Order order;
  order.order_id = r.key;
  order.shard = r.shard();
  order.order_number = e.order_number();
  order.customer_id = e.customer_id();
  order.payment_status = "NONE";
  order.fulfilment_status = "NONE";
  order.currency = e.totals().currency_code();
  order.subtotal_minor = e.totals().subtotal_minor();
  order.tax_minor = e.totals().tax_minor();
  order.shipping_minor = e.totals().shipping_minor();
  order.discount_minor = e.totals().discount_minor();
  order.total_minor = e.totals().total_minor();
  order.payment_method = method_word(e.payment().method());
  order.shipping_method = e.shipping_method();
  order.coupon_code = e.coupon_code();
  order.notes = e.notes();
  order.created_at = r.event.recorded_at;
  order.updated_at = r.event.recorded_at;
  order.position = r.position();
  for (const order::OrderItem& item : e.items())
    order.items.add(Entry()
                        .add(item.sku())
                        .add(item.product_id())
                        .add(item.variant_id())
                        .add(item.name())
                        .add(item.quantity())
                        .add(item.unit_price().amount_minor()));
  order.addresses.add(address_entry("SHIPPING", e.shipping_address()));
  if (e.has_billing_address()) order.addresses.add(address_entry("BILLING", e.billing_address()));
  change_status(r, orders_.put(std::move(order), r.key), "PENDING");
}

void OrderSummary::on(const Record& r, const order::OrderRejected& e) {
  close(r, "REJECTED", e.code(), e.reason());
}
void OrderSummary::on(const Record& r, const order::OrderCancelled& e) {
  close(r, "CANCELLED", e.code(), e.reason());
}
void OrderSummary::on(const Record& r, const order::OrderConfirmed&) {
  change_status(r, changed(r), "CONFIRMED");
}
void OrderSummary::on(const Record& r, const order::FulfilmentStarted&) {
  change_status(r, changed(r), "PROCESSING");
}
void OrderSummary::on(const Record& r, const order::OrderReady&) {
  change_status(r, changed(r), "READY");
}
void OrderSummary::on(const Record& r, const order::OrderShipped&) {
  change_status(r, changed(r), "SHIPPED");
}
void OrderSummary::on(const Record& r, const order::OrderDelivered&) {
  change_status(r, changed(r), "DELIVERED");
}
void OrderSummary::on(const Record& r, const order::OrderCompleted&) {
  Order& order = changed(r);
  order.completed_at = r.event.recorded_at;
  change_status(r, order, "COMPLETED");
}

void OrderSummary::on(const Record& r, const inventory::StockReserved&) {
  changed(r).stock_reserved = true;
}

// Most transactions have a reference and nothing else to say; what is left out at the end is empty.
void OrderSummary::add_payment(const Record& r, Order& order, std::string_view type, std::string_view status, std::int64_t amount_minor,
                               const Answer& answer) {
  Entry entry;
  entry.add(number_of(r)).add(r.event.version.value).add(type).add(status).add(amount_minor).add(r.event.recorded_at);
  const std::string_view rest[] = {answer.reference, answer.code, answer.message, answer.method};
  std::size_t said = std::size(rest);
  while (said > 0 && rest[said - 1].empty()) --said;
  for (std::size_t i = 0; i < said; ++i) entry.add(rest[i]);
  order.payments.add(entry);
}

void OrderSummary::on(const Record& r, const payment::PaymentRequested& e) {
  Order& order = changed(r);
  order.payment_status = "PENDING";
  order.requested_minor = e.amount().amount_minor();
  std::string method = method_word(e.instrument().method());
  add_payment(r, order, "AUTHORIZE", "REQUESTED", order.requested_minor,
              {.method = method == order.payment_method ? std::string_view() : std::string_view(method)});
}

void OrderSummary::on(const Record& r, const payment::PaymentAuthorized& e) {
  Order& order = changed(r);
  order.payment_status = "AUTHORIZED";
  order.authorized_minor += e.amount().amount_minor();
  add_payment(r, order, "AUTHORIZE", "SUCCEEDED", e.amount().amount_minor(), {.reference = e.reference()});
}

void OrderSummary::on(const Record& r, const payment::PaymentDeclined& e) {
  Order& order = changed(r);
  order.payment_status = "FAILED";
  add_payment(r, order, "AUTHORIZE", "DECLINED", order.requested_minor, {.code = e.code(), .message = e.message()});
}

// Nothing may be concluded from a missing answer: the order's payment status stays.
void OrderSummary::on(const Record& r, const payment::PaymentOutcomeUnknown& e) {
  Order& order = changed(r);
  add_payment(r, order, operation_word(e.operation()), "UNKNOWN", order.requested_minor, {.code = e.code(), .message = e.message()});
}

void OrderSummary::on(const Record& r, const payment::AuthorizationVoided& e) {
  Order& order = changed(r);
  // Voiding a declined payment only closes it.
  if (order.payment_status != "FAILED") order.payment_status = "VOIDED";
  add_payment(r, order, "VOID", "SUCCEEDED", order.authorized_minor - order.captured_minor, {.reference = e.reference()});
}

void OrderSummary::on(const Record& r, const payment::PaymentCaptured& e) {
  Order& order = changed(r);
  order.captured_minor += e.amount().amount_minor();
  order.payment_status = order.captured_minor < order.authorized_minor ? "PARTIALLY_CAPTURED" : "CAPTURED";
  add_payment(r, order, "CAPTURE", "SUCCEEDED", e.amount().amount_minor(), {.reference = e.reference()});
}

void OrderSummary::on(const Record& r, const payment::PaymentCaptureFailed& e) {
  Order& order = changed(r);
  add_payment(r, order, "CAPTURE", "FAILED", order.authorized_minor - order.captured_minor, {.code = e.code(), .message = e.message()});
}

void OrderSummary::on(const Record& r, const payment::PaymentRefunded& e) {
  Order& order = changed(r);
  order.refunded_minor += e.amount().amount_minor();
  order.payment_status = order.refunded_minor < order.captured_minor ? "PARTIALLY_REFUNDED" : "REFUNDED";
  add_payment(r, order, "REFUND", "SUCCEEDED", e.amount().amount_minor(), {.reference = e.reference()});
}

void OrderSummary::on(const Record& r, const payment::RefundFailed& e) {
  Order& order = changed(r);
  add_payment(r, order, "REFUND", "FAILED", order.captured_minor - order.refunded_minor, {.code = e.code(), .message = e.message()});
}

void OrderSummary::on(const Record& r, const shipment::ShipmentCreated& e) {
  Order& order = changed(r);
  order.parcels.put({std::string(number_of(r)), "CREATED", "", e.carrier(), e.booking_reference(), e.tracking_number(), e.label_url(),
                     r.event.recorded_at, r.event.recorded_at});
  order.fulfilment_status = fulfilment_of(order.parcels);
}

Parcel& OrderSummary::move_parcel(const Record& r, std::string_view status) {
  Order* order = orders_.find(r.key);
  Parcel* parcel = order == nullptr ? nullptr : order->parcels.find(number_of(r));
  if (parcel == nullptr) throw BrokenHistory("the parcel of " + r.event.stream + " was never created");
  changed(r);
  if (!status.empty()) parcel->status = status;
  parcel->updated_at = r.event.recorded_at;
  order->fulfilment_status = fulfilment_of(order->parcels);
  return *parcel;
}

void OrderSummary::on(const Record& r, const shipment::ShipmentPacked&) {
  move_parcel(r, "PACKED");
}
void OrderSummary::on(const Record& r, const shipment::ShipmentDispatched&) {
  move_parcel(r, "DISPATCHED");
}
void OrderSummary::on(const Record& r, const shipment::ShipmentTrackingUpdated& e) {
  move_parcel(r, {}).tracking_status = tracking_word(e.status());
}
void OrderSummary::on(const Record& r, const shipment::ShipmentDelivered&) {
  move_parcel(r, "DELIVERED");
}
void OrderSummary::on(const Record& r, const shipment::ShipmentLost&) {
  move_parcel(r, "LOST");
}
void OrderSummary::on(const Record& r, const shipment::ShipmentCancelled&) {
  move_parcel(r, "CANCELLED");
}

std::string_view OrderSummary::fulfilment_of(const Parcels& all) {
  int parcels = 0, packed = 0, gone = 0, delivered = 0, lost = 0;
  for (const Parcel& p : all.all()) {
    if (p.status == "CANCELLED") continue;
    ++parcels;
    lost += p.status == "LOST";
    delivered += p.status == "DELIVERED";
    gone += p.status == "DISPATCHED" || p.status == "DELIVERED";
    packed += p.status != "CREATED";
  }
  if (parcels == 0) return "NONE";
  if (lost > 0) return "LOST";
  if (delivered > 0) return delivered == parcels ? "DELIVERED" : "PARTIALLY_DELIVERED";
  if (gone > 0) return gone == parcels ? "SHIPPED" : "PARTIALLY_SHIPPED";
  if (packed > 0) return packed == parcels ? "PACKED" : "PICKING";
  return "ALLOCATED";
}

}  // namespace ordersaga::projections::order_summary
