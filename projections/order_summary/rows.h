// The row of order_summary: an order, and what belongs to it. Columns are explained in schemas/sql/V134.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "projections/order_summary/lists.h"
#include "schemas/ids.h"

namespace ordersaga::projections::order_summary {

struct Order {
  static constexpr std::string_view kTable = "order_summary";
  static constexpr std::size_t kKeyColumns = 1;
  static constexpr std::size_t kFixedColumns = 17;

  std::string order_id;
  Shard shard;
  std::string order_number;
  std::string customer_id;
  std::string currency;
  std::string payment_method;
  std::string shipping_method;
  std::string coupon_code;
  std::string notes;
  EntryList items;
  EntryList addresses;
  std::int64_t subtotal_minor = 0;
  std::int64_t tax_minor = 0;
  std::int64_t shipping_minor = 0;
  std::int64_t discount_minor = 0;
  std::int64_t total_minor = 0;
  Timestamp created_at;

  std::int64_t requested_minor = 0;
  std::int64_t authorized_minor = 0;
  std::int64_t captured_minor = 0;
  std::int64_t refunded_minor = 0;
  Position position;
  Timestamp updated_at;
  std::optional<Timestamp> completed_at;
  std::optional<Timestamp> cancelled_at;
  bool stock_reserved = false;
  std::string status;
  std::string payment_status;
  std::string fulfilment_status;
  std::string rejection_code;
  std::string rejection_reason;
  EntryList statuses;
  EntryList payments;
  Parcels parcels;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("order_id", row.order_id);
    column("shard", row.shard);
    column("order_number", row.order_number);
    column("customer_id", row.customer_id);
    column("currency", row.currency);
    column("payment_method", row.payment_method);
    column("shipping_method", row.shipping_method);
    column("coupon_code", row.coupon_code);
    column("notes", row.notes);
    column("item_list", row.items);
    column("address_list", row.addresses);
    column("subtotal_minor", row.subtotal_minor);
    column("tax_minor", row.tax_minor);
    column("shipping_minor", row.shipping_minor);
    column("discount_minor", row.discount_minor);
    column("total_minor", row.total_minor);
    column("created_at", row.created_at);

    column("requested_minor", row.requested_minor);
    column("authorized_minor", row.authorized_minor);
    column("captured_minor", row.captured_minor);
    column("refunded_minor", row.refunded_minor);
    column("position", row.position);
    column("updated_at", row.updated_at);
    column("completed_at", row.completed_at);
    column("cancelled_at", row.cancelled_at);
    column("stock_reserved", row.stock_reserved);
    column("status", row.status);
    column("payment_status", row.payment_status);
    column("fulfilment_status", row.fulfilment_status);
    column("rejection_code", row.rejection_code);
    column("rejection_reason", row.rejection_reason);
    column("status_list", row.statuses);
    column("payment_list", row.payments);
    column("parcel_list", row.parcels);
  }
};

}  // namespace ordersaga::projections::order_summary
