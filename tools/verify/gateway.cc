#include "tools/verify/gateway.h"

#include <fmt/format.h>

#include "ordersaga/payment/v1/events.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "schemas/lineage.h"

namespace ordersaga::verify {

namespace payment_v1 = ordersaga::payment::v1;
namespace saga_v1 = ordersaga::saga::v1;

namespace {

constexpr GatewayOperation kMoneyOperations[] = {GatewayOperation::authorize, GatewayOperation::capture, GatewayOperation::refund};

std::int64_t open_authorization(std::int64_t authorized, std::int64_t captured, bool voided) {
  return voided || captured > 0 ? 0 : authorized;
}

}  // namespace

GatewayChecker::GatewayChecker(GatewaySource& gateway, Findings& findings)
    : gateway_(gateway), findings_(findings), before_(sum(gateway.ledger())) {}

GatewayChecker::LedgerSums GatewayChecker::sum(const std::vector<GatewayEntry>& ledger) {
  LedgerSums sums;
  for (const GatewayEntry& entry : ledger) {
    Ledger& of_payment = sums[entry.payment_id];
    if (entry.operation == GatewayOperation::void_authorization)
      of_payment.voided = true;
    else
      of_payment.done.of(entry.operation) += entry.amount_minor;
  }
  return sums;
}

void GatewayChecker::begin(const ShardSnapshot&) {
  phases_.clear();
  of_shard_.clear();
}

void GatewayChecker::see(const LogEntry& entry) {
  phases_.see(entry);
  if (entry.stream.kind == StreamKind::payment) {
    auto [it, is_new] = payments_.try_emplace(std::string(entry.stream.subject));
    if (is_new) of_shard_.emplace_back(std::string(entry.stream.subject), std::string(entry.stream.key));
    see_payment(it->second, entry);
  } else if (entry.stream.kind == StreamKind::saga) {
    see_request(entry);
  }
}

void GatewayChecker::see_payment(Payment& payment, const LogEntry& entry) {
  if (const auto* authorized = entry.as<payment_v1::PaymentAuthorized>())
    payment.done.of(GatewayOperation::authorize) += authorized->amount().amount_minor();
  else if (const auto* captured = entry.as<payment_v1::PaymentCaptured>())
    payment.done.of(GatewayOperation::capture) += captured->amount().amount_minor();
  else if (const auto* refunded = entry.as<payment_v1::PaymentRefunded>())
    payment.done.of(GatewayOperation::refund) += refunded->amount().amount_minor();
  else if (entry.as<payment_v1::AuthorizationVoided>() != nullptr)
    payment.voided = true;
}

// What a saga asked of the gateway: a try asks for the same as the one before it, so the largest amount counts.
void GatewayChecker::see_request(const LogEntry& entry) {
  const auto* advanced = entry.as<saga_v1::SagaAdvanced>();
  if (advanced == nullptr || !advanced->has_request()) return;
  const saga_v1::EffectRequest& request = advanced->request();
  const std::string subject = subject_of(request, entry.stream.key);
  auto ask = [&](GatewayOperation operation) {
    auto [it, is_new] = payments_.try_emplace(subject);
    if (is_new) of_shard_.emplace_back(subject, std::string(entry.stream.key));
    std::int64_t& asked = it->second.asked.of(operation);
    asked = std::max(asked, request.amount().amount_minor());
  };
  switch (request.operation()) {
    case saga_v1::OPERATION_AUTHORIZE_PAYMENT:
      return ask(GatewayOperation::authorize);
    case saga_v1::OPERATION_CAPTURE_PAYMENT:
      return ask(GatewayOperation::capture);
    case saga_v1::OPERATION_REFUND_PAYMENT:
      return ask(GatewayOperation::refund);
    case saga_v1::OPERATION_VOID_PAYMENT:
      payments_[subject].void_asked = true;
      return;
    default:
      return;
  }
}

void GatewayChecker::end(const ShardSnapshot&) {
  for (const auto& [payment_id, order_id] : of_shard_) payments_[payment_id].settled = phases_.all_over(order_id);
}

void GatewayChecker::finish() {
  LedgerSums after = sum(gateway_.ledger());
  for (const auto& [id, ledger] : before_) {
    auto payment = payments_.find(id);
    check_before(id, ledger, payment == payments_.end() ? nullptr : &payment->second);
  }
  for (const auto& [id, payment] : payments_) check_after(id, payment, after[id]);
}

void GatewayChecker::check_before(const std::string& id, const Ledger& ledger, const Payment* payment) {
  if (payment == nullptr) {
    findings_.add({"I5", fmt::format("payment {}", id), "a payment of ours, because the gateway's ledger has it", "none in the log"});
    return;
  }
  for (GatewayOperation operation : kMoneyOperations)
    if (ledger.done.of(operation) > payment->asked.of(operation))
      findings_.add({"I5", fmt::format("payment {}", id),
                     fmt::format("{} of at most {} at the gateway, as we asked", name(operation), payment->asked.of(operation)),
                     fmt::format("{}", ledger.done.of(operation))});
  if (ledger.voided && !payment->void_asked)
    findings_.add({"I5", fmt::format("payment {}", id), "no void at the gateway, because we asked for none", "a void"});
}

void GatewayChecker::check_after(const std::string& id, const Payment& payment, const Ledger& ledger) {
  for (GatewayOperation operation : kMoneyOperations)
    if (payment.done.of(operation) > ledger.done.of(operation))
      findings_.add({"I5", fmt::format("payment {}", id),
                     fmt::format("{} of {} in the gateway's ledger, as in our log", name(operation), payment.done.of(operation)),
                     fmt::format("{}", ledger.done.of(operation))});
  if (!payment.settled) return;
  for (GatewayOperation operation : {GatewayOperation::capture, GatewayOperation::refund})
    if (payment.done.of(operation) < ledger.done.of(operation))
      findings_.add({"I5", fmt::format("payment {}", id),
                     fmt::format("{} of {} in our log, as in the gateway's ledger", name(operation), ledger.done.of(operation)),
                     fmt::format("{}, though the order's sagas are over", payment.done.of(operation))});
  std::int64_t ours =
      open_authorization(payment.done.of(GatewayOperation::authorize), payment.done.of(GatewayOperation::capture), payment.voided);
  std::int64_t theirs =
      open_authorization(ledger.done.of(GatewayOperation::authorize), ledger.done.of(GatewayOperation::capture), ledger.voided);
  if (ours != theirs)
    findings_.add({"I5", fmt::format("payment {}", id), fmt::format("{} still authorized, as in our log", ours),
                   fmt::format("{} still authorized at the gateway, though the order's sagas are over", theirs)});
}

}  // namespace ordersaga::verify
