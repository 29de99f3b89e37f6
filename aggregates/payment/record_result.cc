#include "aggregates/payment/record_result.h"

#include <algorithm>
#include <optional>

#include "aggregates/field_errors.h"
#include "aggregates/text.h"
#include "aggregates/transition.h"

namespace ordersaga::aggregates::payment {
namespace {

using Result = v1::RecordPaymentResult;

Decision<Event> accepted() {
  return Events<Event>{};
}

Rejection refused(std::string_view what, const State& state) {
  return invalid_transition(what, state.status, allowed_next(state.status));
}

Rejection not_as_asked(std::string_view field, std::string problem) {
  return Rejection{std::string(error::kInvalidArgument),
                   std::string(field) + " " + problem,
                   {{{"field", std::string(field)}, {"problem", std::move(problem)}}}};
}

Rejection charged_twice(std::string_view what, const State& state) {
  Rejection rejection = refused(what, state);
  rejection.message = "the gateway has done this before under another reference";
  return rejection;
}

// Of a result that says that money moved.
std::optional<Rejection> check_money(const Result& command, const State& state) {
  FieldErrors errors;
  errors.require_text(field("reference"), command.reference(), kMaxText);
  errors.check_range(field("amount.amount_minor"), command.amount().amount_minor(), 1, kMaxAmountMinor);
  if (!errors.empty()) return std::move(errors).rejection();
  if (command.amount().currency_code() != state.currency_code)
    return Rejection{std::string(error::kCurrencyMismatch),
                     "the gateway acted in another currency than was asked for",
                     {{{"field", "amount.currency_code"}, {"expected", state.currency_code}}}};
  return std::nullopt;
}

template <class Happened>
Decision<Event> money_moved(const Result& command, const Context& context) {
  auto* happened = make<Happened>(context);
  *happened->mutable_amount() = command.amount();
  happened->set_reference(command.reference());
  return Events<Event>{happened};
}

template <class Happened>
Decision<Event> said_no(const Result& command, const Context& context) {
  auto* happened = make<Happened>(context);
  happened->set_code(made_text(command.code(), kMaxText));
  happened->set_message(made_text(command.message(), kMaxText));
  return Events<Event>{happened};
}

Decision<Event> authorized(const Result& command, const State& state, const Context& context) {
  constexpr std::string_view kWhat = "recording an authorization";
  switch (state.status) {
    case Status::requested:
      break;
    case Status::authorized:
    case Status::captured:
    case Status::refunded:
      if (command.reference() == state.authorization) return accepted();
      return charged_twice(kWhat, state);
    default:
      return refused(kWhat, state);
  }
  if (auto wrong = check_money(command, state)) return *wrong;
  // Less would let an order be confirmed that is not paid.
  if (command.amount().amount_minor() != state.requested)
    return not_as_asked("amount.amount_minor", "must be what was requested: " + std::to_string(state.requested));
  return money_moved<v1::PaymentAuthorized>(command, context);
}

Decision<Event> captured(const Result& command, const State& state, const Context& context) {
  constexpr std::string_view kWhat = "recording a capture";
  switch (state.status) {
    case Status::authorized:
      break;
    case Status::captured:
    case Status::refunded:
      if (command.reference() == state.capture) return accepted();
      return charged_twice(kWhat, state);
    default:
      return refused(kWhat, state);
  }
  if (auto wrong = check_money(command, state)) return *wrong;
  if (command.amount().amount_minor() > state.authorized)
    return not_as_asked("amount.amount_minor", "must be at most what was authorized: " + std::to_string(state.authorized));
  return money_moved<v1::PaymentCaptured>(command, context);
}

Decision<Event> voided(const Result& command, const State& state, const Context& context) {
  switch (state.status) {
    case Status::voided:
      return accepted();
    case Status::requested:
    case Status::declined:
    case Status::authorized:
      break;
    default:
      return refused("recording a void", state);
  }
  auto* happened = make<v1::AuthorizationVoided>(context);
  happened->set_reference(made_text(command.reference(), kMaxText));
  return Events<Event>{happened};
}

Decision<Event> refunded(const Result& command, const State& state, const Context& context) {
  if (state.status != Status::captured && state.status != Status::refunded) return refused("recording a refund", state);
  if (auto wrong = check_money(command, state)) return *wrong;
  if (std::find(state.refunds.begin(), state.refunds.end(), command.reference()) != state.refunds.end()) return accepted();
  std::int64_t left = state.captured - state.refunded;
  if (command.amount().amount_minor() > left)
    return Rejection{std::string(error::kRefundExceedsCapture),
                     "refunds may not exceed what was captured",
                     {{{"captured", std::to_string(state.captured)}, {"refunded", std::to_string(state.refunded)}}}};
  return money_moved<v1::PaymentRefunded>(command, context);
}

Decision<Event> done(const Result& command, const State& state, const Context& context) {
  switch (command.operation()) {
    case v1::PAYMENT_OPERATION_AUTHORIZE:
      return authorized(command, state, context);
    case v1::PAYMENT_OPERATION_CAPTURE:
      return captured(command, state, context);
    case v1::PAYMENT_OPERATION_VOID:
      return voided(command, state, context);
    default:
      return refunded(command, state, context);
  }
}

Decision<Event> declined(const Result& command, const State& state, const Context& context) {
  switch (command.operation()) {
    case v1::PAYMENT_OPERATION_AUTHORIZE:
      if (state.status == Status::declined || state.status == Status::voided) return accepted();
      if (state.status != Status::requested) return refused("recording a declined authorization", state);
      return said_no<v1::PaymentDeclined>(command, context);
    case v1::PAYMENT_OPERATION_CAPTURE:
      if (state.status != Status::authorized) return refused("recording a refused capture", state);
      if (state.refused == v1::PAYMENT_OPERATION_CAPTURE) return accepted();
      return said_no<v1::PaymentCaptureFailed>(command, context);
    case v1::PAYMENT_OPERATION_VOID:
      return accepted();
    default:
      if (state.status != Status::captured) return refused("recording a refused refund", state);
      if (state.refused == v1::PAYMENT_OPERATION_REFUND) return accepted();
      return said_no<v1::RefundFailed>(command, context);
  }
}

// Whether the operation's outcome is settled, or it makes no sense to wait for it: then no answer is no news.
bool is_settled(v1::PaymentOperation operation, Status status) {
  switch (operation) {
    case v1::PAYMENT_OPERATION_AUTHORIZE:
      return status != Status::requested;
    case v1::PAYMENT_OPERATION_CAPTURE:
      return status == Status::captured || status == Status::refunded;
    case v1::PAYMENT_OPERATION_VOID:
      return status == Status::voided;
    default:
      return status == Status::refunded;
  }
}

bool may_be_tried(v1::PaymentOperation operation, Status status) {
  switch (operation) {
    case v1::PAYMENT_OPERATION_AUTHORIZE:
      return status == Status::requested;
    case v1::PAYMENT_OPERATION_CAPTURE:
      return status == Status::authorized;
    case v1::PAYMENT_OPERATION_VOID:
      return status == Status::requested || status == Status::declined || status == Status::authorized;
    default:
      return status == Status::captured;
  }
}

Decision<Event> unanswered(const Result& command, const State& state, const Context& context) {
  if (state.unknown == command.operation() || is_settled(command.operation(), state.status)) return accepted();
  if (!may_be_tried(command.operation(), state.status)) return refused("recording an unknown outcome", state);
  auto* happened = make<v1::PaymentOutcomeUnknown>(context);
  happened->set_operation(command.operation());
  happened->set_code(made_text(command.code(), kMaxText));
  happened->set_message(made_text(command.message(), kMaxText));
  return Events<Event>{happened};
}

bool is_operation(v1::PaymentOperation operation) {
  return operation >= v1::PAYMENT_OPERATION_AUTHORIZE && operation <= v1::PAYMENT_OPERATION_REFUND;
}

}  // namespace

Decision<Event> record_result(const Result& command, const State& state, const Context& context) {
  if (state.status == Status::none) return not_found(error::kPaymentNotFound, "the payment");
  if (!is_operation(command.operation())) return not_as_asked("operation", "is none that a payment has");
  switch (command.result()) {
    case v1::PAYMENT_RESULT_DONE:
      return done(command, state, context);
    case v1::PAYMENT_RESULT_REFUSED:
      return declined(command, state, context);
    case v1::PAYMENT_RESULT_UNKNOWN:
      return unanswered(command, state, context);
    default:
      return not_as_asked("result", "is none that a payment has");
  }
}

}  // namespace ordersaga::aggregates::payment
