#include "aggregates/payment/payment.h"

#include "aggregates/child_id.h"
#include "aggregates/currency.h"
#include "aggregates/field_errors.h"
#include "aggregates/payment/record_result.h"
#include "aggregates/payment/token.h"
#include "aggregates/transition.h"

namespace ordersaga::aggregates::payment {
namespace {

FieldErrors check(const v1::AuthorizePayment& command) {
  FieldErrors errors;
  errors.require_id(field("order_id"), command.order_id());
  if (!is_child_id(command.payment_id(), command.order_id())) errors.add(field("payment_id"), "must be <order id>.<n>, n from 1");
  errors.check_range(field("amount.amount_minor"), command.amount().amount_minor(), 1, kMaxAmountMinor);
  if (!currency_exponent(command.amount().currency_code())) errors.add(field("amount.currency_code"), "is no currency of ISO 4217");
  if (looks_like_card_number(command.instrument().token())) {
    errors.add(field("instrument.token"), "looks like a card number; send the payment gateway's token for it");
  } else {
    errors.require_text(field("instrument.token"), command.instrument().token(), kMaxText);
  }
  return errors;
}

bool is_same_payment(const v1::AuthorizePayment& command, const State& state) {
  return command.amount().amount_minor() == state.requested && command.amount().currency_code() == state.currency_code &&
         command.instrument().token() == state.token;
}

Decision<Event> open(const v1::AuthorizePayment& command, const State& state, const Context& context) {
  if (state.status != Status::none) {
    if (is_same_payment(command, state)) return Events<Event>{};
    return invalid_transition("AuthorizePayment", state.status, allowed_next(state.status));
  }
  FieldErrors errors = check(command);
  if (!errors.empty()) return std::move(errors).rejection();

  auto* requested = make<v1::PaymentRequested>(context);
  requested->set_payment_id(command.payment_id());
  *requested->mutable_amount() = command.amount();
  *requested->mutable_instrument() = command.instrument();
  return Events<Event>{requested};
}

// A definite answer ends the doubt about its operation.
void settle(State& state, v1::PaymentOperation operation) {
  if (state.unknown == operation) state.unknown = v1::PAYMENT_OPERATION_UNSPECIFIED;
  if (state.refused == operation) state.refused = v1::PAYMENT_OPERATION_UNSPECIFIED;
}

void refuse(State& state, v1::PaymentOperation operation) {
  settle(state, operation);
  state.refused = operation;
}

void apply(State& state, const v1::PaymentRequested& requested) {
  state.status = Status::requested;
  state.currency_code = requested.amount().currency_code();
  state.requested = requested.amount().amount_minor();
  state.token = requested.instrument().token();
}

void apply(State& state, const v1::PaymentAuthorized& authorized) {
  settle(state, v1::PAYMENT_OPERATION_AUTHORIZE);
  state.status = Status::authorized;
  state.authorized = authorized.amount().amount_minor();
  state.authorization = authorized.reference();
}

void apply(State& state, const v1::PaymentDeclined&) {
  settle(state, v1::PAYMENT_OPERATION_AUTHORIZE);
  state.status = Status::declined;
}

void apply(State& state, const v1::PaymentOutcomeUnknown& unknown) {
  state.unknown = unknown.operation();
  // Another try is on its way, so a refusal of the last one says nothing any more.
  if (state.refused == unknown.operation()) state.refused = v1::PAYMENT_OPERATION_UNSPECIFIED;
}

void apply(State& state, const v1::AuthorizationVoided&) {
  state.status = Status::voided;
  state.unknown = v1::PAYMENT_OPERATION_UNSPECIFIED;  // a closed payment leaves nothing to be known
}

void apply(State& state, const v1::PaymentCaptured& captured) {
  // The gateway voids nothing that it has captured, so that doubt is over as well.
  settle(state, v1::PAYMENT_OPERATION_VOID);
  settle(state, v1::PAYMENT_OPERATION_CAPTURE);
  state.status = Status::captured;
  state.captured = captured.amount().amount_minor();
  state.capture = captured.reference();
}

void apply(State& state, const v1::PaymentCaptureFailed&) {
  refuse(state, v1::PAYMENT_OPERATION_CAPTURE);
}

void apply(State& state, const v1::PaymentRefunded& refunded) {
  settle(state, v1::PAYMENT_OPERATION_REFUND);
  state.refunded += refunded.amount().amount_minor();
  state.refunds.push_back(refunded.reference());
  if (state.refunded == state.captured) state.status = Status::refunded;
}

void apply(State& state, const v1::RefundFailed&) {
  refuse(state, v1::PAYMENT_OPERATION_REFUND);
}

}  // namespace

std::string_view name(Status status) {
  constexpr std::string_view kNames[] = {"NONE", "REQUESTED", "AUTHORIZED", "DECLINED", "VOIDED", "CAPTURED", "REFUNDED"};
  return kNames[static_cast<std::size_t>(status)];
}

std::span<const Status> allowed_next(Status status) {
  using enum Status;
  static constexpr Status kNone[] = {requested};
  static constexpr Status kRequested[] = {authorized, declined, voided};
  static constexpr Status kAuthorized[] = {captured, voided};
  static constexpr Status kDeclined[] = {voided};
  static constexpr Status kCaptured[] = {refunded};
  switch (status) {
    case none:
      return kNone;
    case requested:
      return kRequested;
    case authorized:
      return kAuthorized;
    case declined:
      return kDeclined;
    case captured:
      return kCaptured;
    case voided:
    case refunded:
      return {};
  }
  return {};
}

Decision<Event> decide(const Command& command, const State& state, const Context& context) {
  return std::visit(Overloaded{
                        [&](const v1::AuthorizePayment* c) { return open(*c, state, context); },
                        [&](const v1::RecordPaymentResult* c) { return record_result(*c, state, context); },
                    },
                    command);
}

void evolve(State& state, const Event& event) {
  std::visit([&](const auto* happened) { apply(state, *happened); }, event);
}

}  // namespace ordersaga::aggregates::payment
