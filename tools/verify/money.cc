#include "tools/verify/money.h"

#include <fmt/format.h>

#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/events.pb.h"

namespace ordersaga::verify {

namespace order_v1 = ordersaga::order::v1;
namespace payment_v1 = ordersaga::payment::v1;

void MoneyChecker::begin(const ShardSnapshot&) {
  orders_.clear();
}

void MoneyChecker::see(const LogEntry& entry) {
  if (entry.stream.kind == StreamKind::order) see_order(orders_[std::string(entry.stream.key)], entry);
  if (entry.stream.kind == StreamKind::payment) see_payment(orders_[std::string(entry.stream.key)], entry);
}

void MoneyChecker::see_order(Order& order, const LogEntry& entry) {
  if (const auto* placed = entry.as<order_v1::OrderPlaced>()) {
    order.currency = placed->totals().currency_code();
    order.total = placed->totals().total_minor();
  } else if (entry.as<order_v1::OrderCompleted>() != nullptr) {
    order.end = End::completed;
  } else if (entry.as<order_v1::OrderRejected>() != nullptr) {
    order.end = End::rejected;
  } else if (entry.as<order_v1::OrderCancelled>() != nullptr) {
    order.end = End::cancelled;
  }
}

void MoneyChecker::see_payment(Order& order, const LogEntry& entry) {
  Payment& payment = order.payments[std::string(entry.stream.subject)];
  if (const auto* authorized = entry.as<payment_v1::PaymentAuthorized>()) {
    payment.authorized += authorized->amount().amount_minor();
    check_amount(order, entry, authorized->amount().currency_code(), authorized->amount().amount_minor());
  } else if (const auto* captured = entry.as<payment_v1::PaymentCaptured>()) {
    payment.captured += captured->amount().amount_minor();
    check_amount(order, entry, captured->amount().currency_code(), captured->amount().amount_minor());
  } else if (const auto* refunded = entry.as<payment_v1::PaymentRefunded>()) {
    payment.refunded += refunded->amount().amount_minor();
    check_amount(order, entry, refunded->amount().currency_code(), refunded->amount().amount_minor());
  } else if (entry.as<payment_v1::AuthorizationVoided>() != nullptr) {
    payment.voided = true;
  }
  if (payment.captured > payment.authorized || payment.refunded > payment.captured)
    findings_.add({"I4", fmt::format("payment {} at {}", entry.stream.subject, entry.place()), "refunded ≤ captured ≤ authorized",
                   fmt::format("refunded {}, captured {}, authorized {}", payment.refunded, payment.captured, payment.authorized)});
}

void MoneyChecker::check_amount(const Order& order, const LogEntry& entry, std::string_view currency, std::int64_t amount) {
  if (currency != order.currency || amount <= 0)
    findings_.add({"I4", fmt::format("payment {} at {}", entry.stream.subject, entry.place()),
                   fmt::format("a positive amount of {}", order.currency), fmt::format("{} {}", amount, currency)});
}

void MoneyChecker::end(const ShardSnapshot&) {
  for (const auto& [id, order] : orders_)
    if (order.end != End::none) check_end(id, order);
}

void MoneyChecker::check_end(const std::string& id, const Order& order) {
  std::int64_t kept = 0;
  for (const auto& [payment_id, payment] : order.payments) {
    kept += payment.captured - payment.refunded;
    if (payment.authorized > payment.captured && !payment.voided)
      findings_.add({"I4", fmt::format("order {}", id), fmt::format("no open authorization, because the order has ended"),
                     fmt::format("payment {}: authorized {}, captured {}, not voided", payment_id, payment.authorized, payment.captured)});
  }
  std::int64_t due = order.end == End::completed ? order.total : 0;
  if (kept != due)
    findings_.add({"I4", fmt::format("order {}", id),
                   fmt::format("captured − refunded = {} {}, because it is {}", due, order.currency,
                               order.end == End::completed  ? "completed"
                               : order.end == End::rejected ? "rejected"
                                                            : "cancelled"),
                   fmt::format("{}", kept)});
}

}  // namespace ordersaga::verify
