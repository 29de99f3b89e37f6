// The payment: at most one charge for an order. Stream payment-<order id>.<n>.
#pragma once

#include <cstdint>
#include <string>

#include "aggregates/decider.h"
#include "ordersaga/payment/v1/commands.pb.h"
#include "ordersaga/payment/v1/events.pb.h"

namespace ordersaga::aggregates::payment {

namespace v1 = ordersaga::payment::v1;

enum class Status : std::uint8_t { none, requested, authorized, declined, voided, captured, refunded };

std::string_view name(Status status);

struct State {
  Status status = Status::none;
  std::string payment_id;
  std::string currency_code;
  // Minor units. Always refunded ≤ captured ≤ authorized ≤ requested.
  std::int64_t requested = 0;
  std::int64_t authorized = 0;
  std::int64_t captured = 0;
  std::int64_t refunded = 0;
  std::string token;
  // The gateway's id of the authorization.
  std::string authorization;
  // The operation that the gateway gave no answer for, until it is known.
  v1::PaymentOperation unknown = v1::PAYMENT_OPERATION_UNSPECIFIED;
};

using Command = OneOf<v1::AuthorizePayment, v1::RecordPaymentResult>;
using Event = OneOf<v1::PaymentRequested, v1::PaymentAuthorized, v1::PaymentDeclined, v1::PaymentOutcomeUnknown, v1::AuthorizationVoided,
                    v1::PaymentCaptured, v1::PaymentCaptureFailed, v1::PaymentRefunded, v1::RefundFailed>;

// RecordPaymentResult is idempotent: a result that the state already has is accepted without an event. A result that the
// money rules forbid (a capture above the authorization, a refund above the capture, another currency) is a rejection.
// A refused authorization or capture is an event, not a rejection: it is a fact about the world.
// A void is recorded from requested, declined and authorized (voiding what never was authorized closes the payment).
Decision<Event> decide(const Command& command, const State& state, const Context& context);
void evolve(State& state, const Event& event);

}  // namespace ordersaga::aggregates::payment
