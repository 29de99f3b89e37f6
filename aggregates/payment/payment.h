// The payment: at most one charge for an order. Stream payment-<order id>.<n>.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregates/decider.h"
#include "ordersaga/payment/v1/commands.pb.h"
#include "ordersaga/payment/v1/events.pb.h"

namespace ordersaga::aggregates::payment {

namespace v1 = ordersaga::payment::v1;

// captured lasts until all of it is refunded.
enum class Status : std::uint8_t { none, requested, authorized, declined, voided, captured, refunded };

std::string_view name(Status status);
std::span<const Status> allowed_next(Status status);

struct State {
  Status status = Status::none;
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
  // The capture or refund that the gateway refused last, unless it has done one since.
  v1::PaymentOperation refused = v1::PAYMENT_OPERATION_UNSPECIFIED;
  // The gateway's ids of the capture and the refunds.
  std::string capture;
  std::vector<std::string> refunds;
};

using Command = OneOf<v1::AuthorizePayment, v1::RecordPaymentResult>;
using Event = OneOf<v1::PaymentRequested, v1::PaymentAuthorized, v1::PaymentDeclined, v1::PaymentOutcomeUnknown, v1::AuthorizationVoided,
                    v1::PaymentCaptured, v1::PaymentCaptureFailed, v1::PaymentRefunded, v1::RefundFailed>;

// AuthorizePayment opens the payment; the same again (amount, token) is accepted without an event.
//
// RecordPaymentResult is idempotent: a result that the state already has is accepted without an event; so is "no answer"
// for an operation that is known to be done. A DONE result of all but a void must carry the gateway's reference and amount.
// A result that the money rules forbid is a rejection: another currency or an authorization of another amount than was
// asked for (INVALID_ARGUMENT, CURRENCY_MISMATCH), a capture above the authorization (INVALID_ARGUMENT), refunds above the
// capture (REFUND_EXCEEDS_CAPTURE), a second charge under another reference (INVALID_TRANSITION).
// A refused authorization, capture or refund is an event, not a rejection: it is a fact about the world. A refused void
// changes nothing and is accepted without an event.
// A void is recorded from requested, declined and authorized (voiding what never was authorized closes the payment).
// The gateway's words (code, message) are kept as kMaxText bytes of printable text at most.
inline constexpr std::size_t kMaxText = 256;
inline constexpr std::int64_t kMaxAmountMinor = 1'000'000'000'000'000;

Decision<Event> decide(const Command& command, const State& state, const Context& context);
void evolve(State& state, const Event& event);

}  // namespace ordersaga::aggregates::payment
