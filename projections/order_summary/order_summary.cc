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

Address address_row(const Record& r, std::string_view type, const common::Address& a) {
  std::string lines;
  for (const std::string& line : a.lines()) {
    if (!lines.empty()) lines.push_back('\n');
    lines += line;
  }
  return {r.key, std::string(type), r.shard(), a.name(), std::move(lines), a.postcode(), a.city(), a.country_code(), a.phone(), a.email()};
}

// The payment's or shipment's id: its stream without the kind.
std::string subject_id(const Record& r) {
  return r.event.stream.substr(r.event.stream.find('-') + 1);
}

}  // namespace

void OrderSummary::want(const Record& record) {
  if (record.type == order::OrderPlaced::descriptor()) {
    orders_.expect_none(record.key);
    shipments_.expect_none(record.key);
    return;
  }
  orders_.want(record.key);
  if (record.event.stream.starts_with("shipment-")) shipments_.want(record.key);
}

Order& OrderSummary::changed(const Record& r) {
  Order* order = orders_.find(r.key);
  if (order == nullptr) throw BrokenHistory("the order " + r.key + " was never placed");
  order->updated_at = r.event.recorded_at;
  order->position = r.position();
  return *order;
}

void OrderSummary::change_status(const Record& r, Order& order, std::string_view status, std::string notes) {
  order.status = status;
  history_.add({r.key, r.event.version, r.shard(), order.status, std::move(notes), r.actor, r.event.recorded_at});
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
  change_status(r, orders_.put(std::move(order)), "PENDING");
  std::int64_t line = 0;
  for (const order::OrderItem& item : e.items()) {
    std::int64_t price = item.unit_price().amount_minor();
    items_.add({r.key, ++line, r.shard(), item.sku(), item.product_id(), item.variant_id(), item.name(), item.quantity(), price,
                price * item.quantity()});
  }
  addresses_.add(address_row(r, "SHIPPING", e.shipping_address()));
  addresses_.add(address_row(r, "BILLING", e.has_billing_address() ? e.billing_address() : e.shipping_address()));
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
  changed(r).inventory_reservation_id = r.event.stream;
}

PaymentTransaction OrderSummary::transaction(const Record& r, const Order& order, std::string_view type, std::string_view status,
                                             std::int64_t amount_minor) {
  PaymentTransaction t;
  t.order_id = r.key;
  t.payment_id = subject_id(r);
  t.transaction_id = t.payment_id + "/" + std::to_string(r.event.version.value);
  t.shard = r.shard();
  t.type = type;
  t.method = order.payment_method;
  t.amount_minor = amount_minor;
  t.currency = order.currency;
  t.status = status;
  t.created_at = r.event.recorded_at;
  return t;
}

void OrderSummary::on(const Record& r, const payment::PaymentRequested& e) {
  Order& order = changed(r);
  order.payment_status = "PENDING";
  order.requested_minor = e.amount().amount_minor();
  PaymentTransaction t = transaction(r, order, "AUTHORIZE", "REQUESTED", order.requested_minor);
  t.method = method_word(e.instrument().method());
  transactions_.add(std::move(t));
}

void OrderSummary::on(const Record& r, const payment::PaymentAuthorized& e) {
  Order& order = changed(r);
  order.payment_status = "AUTHORIZED";
  order.authorized_minor += e.amount().amount_minor();
  PaymentTransaction t = transaction(r, order, "AUTHORIZE", "SUCCEEDED", e.amount().amount_minor());
  t.gateway_reference = e.reference();
  transactions_.add(std::move(t));
}

void OrderSummary::on(const Record& r, const payment::PaymentDeclined& e) {
  Order& order = changed(r);
  order.payment_status = "FAILED";
  PaymentTransaction t = transaction(r, order, "AUTHORIZE", "DECLINED", order.requested_minor);
  t.gateway_code = e.code();
  t.gateway_message = e.message();
  transactions_.add(std::move(t));
}

// Nothing may be concluded from a missing answer: the order's payment status stays.
void OrderSummary::on(const Record& r, const payment::PaymentOutcomeUnknown& e) {
  Order& order = changed(r);
  PaymentTransaction t = transaction(r, order, operation_word(e.operation()), "UNKNOWN", order.requested_minor);
  t.gateway_code = e.code();
  t.gateway_message = e.message();
  transactions_.add(std::move(t));
}

void OrderSummary::on(const Record& r, const payment::AuthorizationVoided& e) {
  Order& order = changed(r);
  // Voiding a declined payment only closes it.
  if (order.payment_status != "FAILED") order.payment_status = "VOIDED";
  PaymentTransaction t = transaction(r, order, "VOID", "SUCCEEDED", order.authorized_minor - order.captured_minor);
  t.gateway_reference = e.reference();
  transactions_.add(std::move(t));
}

void OrderSummary::on(const Record& r, const payment::PaymentCaptured& e) {
  Order& order = changed(r);
  order.captured_minor += e.amount().amount_minor();
  order.payment_status = order.captured_minor < order.authorized_minor ? "PARTIALLY_CAPTURED" : "CAPTURED";
  PaymentTransaction t = transaction(r, order, "CAPTURE", "SUCCEEDED", e.amount().amount_minor());
  t.gateway_reference = e.reference();
  transactions_.add(std::move(t));
}

void OrderSummary::on(const Record& r, const payment::PaymentCaptureFailed& e) {
  Order& order = changed(r);
  PaymentTransaction t = transaction(r, order, "CAPTURE", "FAILED", order.authorized_minor - order.captured_minor);
  t.gateway_code = e.code();
  t.gateway_message = e.message();
  transactions_.add(std::move(t));
}

void OrderSummary::on(const Record& r, const payment::PaymentRefunded& e) {
  Order& order = changed(r);
  order.refunded_minor += e.amount().amount_minor();
  order.payment_status = order.refunded_minor < order.captured_minor ? "PARTIALLY_REFUNDED" : "REFUNDED";
  PaymentTransaction t = transaction(r, order, "REFUND", "SUCCEEDED", e.amount().amount_minor());
  t.gateway_reference = e.reference();
  transactions_.add(std::move(t));
}

void OrderSummary::on(const Record& r, const payment::RefundFailed& e) {
  Order& order = changed(r);
  PaymentTransaction t = transaction(r, order, "REFUND", "FAILED", order.captured_minor - order.refunded_minor);
  t.gateway_code = e.code();
  t.gateway_message = e.message();
  transactions_.add(std::move(t));
}

void OrderSummary::on(const Record& r, const shipment::ShipmentCreated& e) {
  Order& order = changed(r);
  Shipment s;
  s.order_id = r.key;
  s.shipment_id = subject_id(r);
  s.shard = r.shard();
  s.status = "CREATED";
  s.carrier = e.carrier();
  s.booking_reference = e.booking_reference();
  s.tracking_number = e.tracking_number();
  s.label_url = e.label_url();
  s.created_at = r.event.recorded_at;
  s.updated_at = r.event.recorded_at;
  shipments_.put(std::move(s));
  order.fulfilment_status = fulfilment_of(r.key);
}

Shipment& OrderSummary::move_shipment(const Record& r, std::string_view status) {
  Shipment* s = shipments_.find(r.key, subject_id(r));
  if (s == nullptr) throw BrokenHistory("the shipment " + subject_id(r) + " was never created");
  Order& order = changed(r);
  if (!status.empty()) s->status = status;
  s->updated_at = r.event.recorded_at;
  order.fulfilment_status = fulfilment_of(r.key);
  return *s;
}

void OrderSummary::on(const Record& r, const shipment::ShipmentPacked&) {
  move_shipment(r, "PACKED");
}
void OrderSummary::on(const Record& r, const shipment::ShipmentDispatched&) {
  move_shipment(r, "DISPATCHED");
}
void OrderSummary::on(const Record& r, const shipment::ShipmentTrackingUpdated& e) {
  move_shipment(r, {}).tracking_status = tracking_word(e.status());
}
void OrderSummary::on(const Record& r, const shipment::ShipmentDelivered&) {
  move_shipment(r, "DELIVERED");
}
void OrderSummary::on(const Record& r, const shipment::ShipmentLost&) {
  move_shipment(r, "LOST");
}
void OrderSummary::on(const Record& r, const shipment::ShipmentCancelled&) {
  move_shipment(r, "CANCELLED");
}

std::string OrderSummary::fulfilment_of(const std::string& order_id) const {
  int parcels = 0, packed = 0, gone = 0, delivered = 0, lost = 0;
  shipments_.each_of(
      [&](const Shipment& s) {
        if (s.status == "CANCELLED") return;
        ++parcels;
        lost += s.status == "LOST";
        delivered += s.status == "DELIVERED";
        gone += s.status == "DISPATCHED" || s.status == "DELIVERED";
        packed += s.status != "CREATED";
      },
      order_id);
  if (parcels == 0) return "NONE";
  if (lost > 0) return "LOST";
  if (delivered > 0) return delivered == parcels ? "DELIVERED" : "PARTIALLY_DELIVERED";
  if (gone > 0) return gone == parcels ? "SHIPPED" : "PARTIALLY_SHIPPED";
  if (packed > 0) return packed == parcels ? "PACKED" : "PICKING";
  return "ALLOCATED";
}

}  // namespace ordersaga::projections::order_summary
