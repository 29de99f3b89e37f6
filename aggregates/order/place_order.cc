#include "aggregates/order/place_order.h"

#include <algorithm>

#include "aggregates/address.h"
#include "aggregates/currency.h"
#include "aggregates/field_errors.h"
#include "aggregates/payment/token.h"

namespace ordersaga::aggregates::order {
namespace {

using Items = google::protobuf::RepeatedPtrField<v1::OrderItem>;

void check_item(FieldErrors& errors, const v1::OrderItem& item, int i, bool check_currency) {
  auto at = [i](std::string_view name) { return Field{"items", i, name, -1}; };
  errors.require_id(at("sku"), item.sku());
  errors.check_range(at("quantity"), item.quantity(), 1, kMaxQuantity);
  if (!item.has_unit_price()) {
    errors.add(at("unit_price"), "is missing");
  } else {
    errors.check_range(at("unit_price.amount_minor"), item.unit_price().amount_minor(), 0, kMaxTotalMinor);
    if (check_currency && !currency_exponent(item.unit_price().currency_code()))
      errors.add(at("unit_price.currency_code"), "is no currency of ISO 4217");
  }
  errors.check_id(at("product_id"), item.product_id());
  errors.check_id(at("variant_id"), item.variant_id());
  errors.check_text(at("name"), item.name(), kMaxShortText);
}

void check_items(FieldErrors& errors, const Items& items) {
  if (items.empty() || items.size() > kMaxLines) {
    errors.add(field("items"), "must be 1 to " + std::to_string(kMaxLines) + " lines");
    return;
  }
  const std::string* last_currency = nullptr;
  for (int i = 0; i < items.size(); ++i) {
    const std::string& currency = items[i].unit_price().currency_code();
    bool seen = last_currency != nullptr && *last_currency == currency;
    check_item(errors, items[i], i, !seen);
    last_currency = &currency;
  }
}

void check_payment(FieldErrors& errors, const v1::PlaceOrder& command) {
  if (!command.has_payment()) {
    errors.add(field("payment"), "is missing");
    return;
  }
  const v1::PaymentInstrument& payment = command.payment();
  if (payment.method() != v1::PAYMENT_METHOD_CREDIT_CARD && payment.method() != v1::PAYMENT_METHOD_TOKEN)
    errors.add(field("payment.method"), "must be PAYMENT_METHOD_CREDIT_CARD or PAYMENT_METHOD_TOKEN");
  if (payment::looks_like_card_number(payment.token())) {
    errors.add(field("payment.token"), "looks like a card number; send the payment gateway's token for it");
  } else {
    errors.require_text(field("payment.token"), payment.token(), kMaxShortText);
  }
}

FieldErrors check(const v1::PlaceOrder& command) {
  FieldErrors errors;
  errors.require_id(field("order_id"), command.order_id());
  errors.require_id(field("customer_id"), command.customer_id());
  check_items(errors, command.items());
  if (command.has_shipping_address()) {
    check_address(errors, command.shipping_address(), "shipping_address");
  } else {
    errors.add(field("shipping_address"), "is missing");
  }
  if (command.has_billing_address()) check_address(errors, command.billing_address(), "billing_address");
  check_payment(errors, command);
  errors.check_text(field("shipping_method"), command.shipping_method(), kMaxShortText);
  errors.check_id(field("coupon_code"), command.coupon_code());
  errors.check_text(field("notes"), command.notes(), kMaxText);
  return errors;
}

bool is_one_currency(const Items& items) {
  const std::string& first = items[0].unit_price().currency_code();
  return std::all_of(items.begin(), items.end(), [&](const v1::OrderItem& item) { return item.unit_price().currency_code() == first; });
}

Rejection mixed_currencies(const Items& items) {
  Rejection rejection{std::string(error::kCurrencyMismatch), "all lines of an order must be in one currency", {}};
  const std::string& first = items[0].unit_price().currency_code();
  rejection.details.push_back({{"field", "items[0].unit_price.currency_code"}, {"currency", first}});
  for (int i = 1; i < items.size(); ++i) {
    const std::string& currency = items[i].unit_price().currency_code();
    if (currency == first) continue;
    rejection.details.push_back({{"field", Field{"items", i, "unit_price.currency_code", -1}.path()}, {"currency", currency}});
    break;
  }
  return rejection;
}

bool are_known(const Items& items, const stock::Levels& levels) {
  return std::all_of(items.begin(), items.end(), [&](const v1::OrderItem& item) { return levels.find(item.sku()) != nullptr; });
}

// Names each unknown SKU once.
Rejection unknown_skus(const Items& items, const stock::Levels& levels) {
  std::vector<std::string> unknown;
  for (const v1::OrderItem& item : items)
    if (levels.find(item.sku()) == nullptr) unknown.push_back(item.sku());
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());

  Rejection rejection{std::string(error::kUnknownSku), "no such SKU:", {}};
  for (const std::string& sku : unknown) {
    rejection.message.append(rejection.details.empty() ? " " : ", ").append(sku);
    rejection.details.push_back({{"sku", sku}});
  }
  return rejection;
}

// False when the sum is over kMaxTotalMinor. REQUIRES: quantities and prices are within their limits.
bool sum_up(const Items& items, std::int64_t& total) {
  total = 0;
  for (const v1::OrderItem& item : items) {
    std::int64_t line = 0;
    if (__builtin_mul_overflow(item.unit_price().amount_minor(), std::int64_t{item.quantity()}, &line)) return false;
    if (__builtin_add_overflow(total, line, &total)) return false;
    if (total > kMaxTotalMinor) return false;
  }
  return true;
}

v1::OrderPlaced* placed_from(const v1::PlaceOrder& command, const Facts& facts, std::int64_t total, const Context& context) {
  auto* placed = make<v1::OrderPlaced>(context);
  placed->set_order_id(command.order_id());
  placed->set_order_number(facts.order_number);
  placed->set_customer_id(command.customer_id());
  placed->mutable_items()->MergeFrom(command.items());
  v1::OrderTotals& totals = *placed->mutable_totals();
  totals.set_currency_code(command.items(0).unit_price().currency_code());
  totals.set_subtotal_minor(total);
  totals.set_total_minor(total);
  *placed->mutable_shipping_address() = command.shipping_address();
  *placed->mutable_billing_address() = command.has_billing_address() ? command.billing_address() : command.shipping_address();
  *placed->mutable_payment() = command.payment();
  if (!command.shipping_method().empty()) placed->set_shipping_method(command.shipping_method());
  if (!command.coupon_code().empty()) placed->set_coupon_code(command.coupon_code());
  if (!command.notes().empty()) placed->set_notes(command.notes());
  return placed;
}

}  // namespace

Decision<Event> place(const v1::PlaceOrder& command, const Facts& facts, const Context& context) {
  FieldErrors errors = check(command);
  std::int64_t total = 0;
  if (errors.empty() && is_one_currency(command.items())) {
    if (!sum_up(command.items(), total)) {
      errors.add(field("items"), "cost more than an order may: " + std::to_string(kMaxTotalMinor) + " minor units");
    } else if (total == 0) {
      errors.add(field("items"), "cost nothing, so there is nothing to pay");
    }
  }
  if (!errors.empty()) return std::move(errors).rejection();
  if (!is_one_currency(command.items())) return mixed_currencies(command.items());
  if (!are_known(command.items(), *facts.levels)) return unknown_skus(command.items(), *facts.levels);
  return Events<Event>{placed_from(command, facts, total, context)};
}

}  // namespace ordersaga::aggregates::order
