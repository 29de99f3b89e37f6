// The rows of order_summary: an order, and what belongs to it. Columns are explained in schemas/sql/V110 to V115.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/ids.h"

namespace ordersaga::projections::order_summary {

struct Order {
  static constexpr std::string_view kTable = "order_summary";
  static constexpr std::size_t kKeyColumns = 1;

  std::string order_id;
  Shard shard;
  std::string order_number;
  std::string customer_id;
  std::string status;
  std::string payment_status;
  std::string fulfilment_status;
  std::string currency;
  std::int64_t subtotal_minor = 0;
  std::int64_t tax_minor = 0;
  std::int64_t shipping_minor = 0;
  std::int64_t discount_minor = 0;
  std::int64_t total_minor = 0;
  std::int64_t requested_minor = 0;
  std::int64_t authorized_minor = 0;
  std::int64_t captured_minor = 0;
  std::int64_t refunded_minor = 0;
  std::string payment_method;
  std::string shipping_method;
  std::string coupon_code;
  std::string notes;
  std::string inventory_reservation_id;
  std::string rejection_code;
  std::string rejection_reason;
  Timestamp created_at;
  Timestamp updated_at;
  std::optional<Timestamp> completed_at;
  std::optional<Timestamp> cancelled_at;
  Position position;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("order_id", row.order_id);
    column("shard", row.shard);
    column("order_number", row.order_number);
    column("customer_id", row.customer_id);
    column("status", row.status);
    column("payment_status", row.payment_status);
    column("fulfilment_status", row.fulfilment_status);
    column("currency", row.currency);
    column("subtotal_minor", row.subtotal_minor);
    column("tax_minor", row.tax_minor);
    column("shipping_minor", row.shipping_minor);
    column("discount_minor", row.discount_minor);
    column("total_minor", row.total_minor);
    column("requested_minor", row.requested_minor);
    column("authorized_minor", row.authorized_minor);
    column("captured_minor", row.captured_minor);
    column("refunded_minor", row.refunded_minor);
    column("payment_method", row.payment_method);
    column("shipping_method", row.shipping_method);
    column("coupon_code", row.coupon_code);
    column("notes", row.notes);
    column("inventory_reservation_id", row.inventory_reservation_id);
    column("rejection_code", row.rejection_code);
    column("rejection_reason", row.rejection_reason);
    column("created_at", row.created_at);
    column("updated_at", row.updated_at);
    column("completed_at", row.completed_at);
    column("cancelled_at", row.cancelled_at);
    column("position", row.position);
  }
};

struct Item {
  static constexpr std::string_view kTable = "order_items";
  static constexpr std::size_t kKeyColumns = 2;

  std::string order_id;
  std::int64_t line = 0;
  Shard shard;
  std::string sku;
  std::string product_id;
  std::string variant_id;
  std::string name;
  std::int64_t quantity = 0;
  std::int64_t unit_price_minor = 0;
  std::int64_t subtotal_minor = 0;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("order_id", row.order_id);
    column("line", row.line);
    column("shard", row.shard);
    column("sku", row.sku);
    column("product_id", row.product_id);
    column("variant_id", row.variant_id);
    column("name", row.name);
    column("quantity", row.quantity);
    column("unit_price_minor", row.unit_price_minor);
    column("subtotal_minor", row.subtotal_minor);
  }
};

struct Address {
  static constexpr std::string_view kTable = "order_addresses";
  static constexpr std::size_t kKeyColumns = 2;

  std::string order_id;
  std::string type;
  Shard shard;
  std::string name;
  std::string address_lines;
  std::string postcode;
  std::string city;
  std::string country_code;
  std::string phone;
  std::string email;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("order_id", row.order_id);
    column("type", row.type);
    column("shard", row.shard);
    column("name", row.name);
    column("address_lines", row.address_lines);
    column("postcode", row.postcode);
    column("city", row.city);
    column("country_code", row.country_code);
    column("phone", row.phone);
    column("email", row.email);
  }
};

struct StatusChange {
  static constexpr std::string_view kTable = "order_status_history";
  static constexpr std::size_t kKeyColumns = 2;

  std::string order_id;
  Version version;
  Shard shard;
  std::string status;
  std::string notes;
  std::string created_by;
  Timestamp created_at;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("order_id", row.order_id);
    column("version", row.version);
    column("shard", row.shard);
    column("status", row.status);
    column("notes", row.notes);
    column("created_by", row.created_by);
    column("created_at", row.created_at);
  }
};

struct PaymentTransaction {
  static constexpr std::string_view kTable = "payment_transactions";
  static constexpr std::size_t kKeyColumns = 2;

  std::string order_id;
  std::string transaction_id;
  Shard shard;
  std::string payment_id;
  std::string type;
  std::string method;
  std::int64_t amount_minor = 0;
  std::string currency;
  std::string status;
  std::string gateway_reference;
  std::string gateway_code;
  std::string gateway_message;
  Timestamp created_at;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("order_id", row.order_id);
    column("transaction_id", row.transaction_id);
    column("shard", row.shard);
    column("payment_id", row.payment_id);
    column("type", row.type);
    column("method", row.method);
    column("amount_minor", row.amount_minor);
    column("currency", row.currency);
    column("status", row.status);
    column("gateway_reference", row.gateway_reference);
    column("gateway_code", row.gateway_code);
    column("gateway_message", row.gateway_message);
    column("created_at", row.created_at);
  }
};

struct Shipment {
  static constexpr std::string_view kTable = "order_shipments";
  static constexpr std::size_t kKeyColumns = 2;

  std::string order_id;
  std::string shipment_id;
  Shard shard;
  std::string status;
  std::string tracking_status;
  std::string carrier;
  std::string booking_reference;
  std::string tracking_number;
  std::string label_url;
  Timestamp created_at;
  Timestamp updated_at;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("order_id", row.order_id);
    column("shipment_id", row.shipment_id);
    column("shard", row.shard);
    column("status", row.status);
    column("tracking_status", row.tracking_status);
    column("carrier", row.carrier);
    column("booking_reference", row.booking_reference);
    column("tracking_number", row.tracking_number);
    column("label_url", row.label_url);
    column("created_at", row.created_at);
    column("updated_at", row.updated_at);
  }
};

}  // namespace ordersaga::projections::order_summary
