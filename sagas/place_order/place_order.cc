#include "sagas/place_order/place_order.h"

#include "sagas/commands.h"

namespace ordersaga::sagas {
namespace {

using namespace std::chrono_literals;
using namespace commands;

// A reservation outlives the longest time that an authorization may stay unknown.
constexpr Duration kReservationTtl = 15min;

Message* reject_order(const OrderCase& c, const Context& context) {
  auto* command = aggregates::make<order::RejectOrder>(context);
  const SagaState& saga = state_of(c, kPlaceOrder);
  command->set_code(saga.code);
  command->set_reason(saga.message);
  return command;
}

Message* reserve_stock(const OrderCase& c, const Context& context) {
  auto* command = aggregates::make<inventory::ReserveStock>(context);
  for (const aggregates::order::Line& ordered : c.order.state.lines) {
    inventory::ReservationLine* line = command->add_lines();
    line->set_sku(ordered.sku);
    line->set_quantity(ordered.quantity);
  }
  auto expires = (context.now + kReservationTtl).time_since_epoch().count();
  command->mutable_expires_at()->set_seconds(expires / 1'000'000);
  command->mutable_expires_at()->set_nanos(static_cast<std::int32_t>(expires % 1'000'000) * 1000);
  return command;
}

std::optional<aggregates::Rejection> is_short(const OrderCase& c) {
  if (c.reservation.state.status != aggregates::reservation::Status::rejected) return std::nullopt;
  aggregates::Rejection no{"INVENTORY_UNAVAILABLE", "not enough stock:", {}};
  for (const aggregates::reservation::Short& s : c.reservation.state.shortfalls)
    no.message.append(" ")
        .append(s.sku)
        .append(" (requested ")
        .append(std::to_string(s.requested))
        .append(", available ")
        .append(std::to_string(s.available))
        .append(")");
  return no;
}

Message* authorize_payment(const OrderCase& c, const Context& context) {
  auto* command = aggregates::make<payment::AuthorizePayment>(context);
  const aggregates::order::State& placed = c.order.state;
  command->set_payment_id(first_payment(c));
  command->set_order_id(c.order_id);
  command->mutable_amount()->set_currency_code(placed.currency_code);
  command->mutable_amount()->set_amount_minor(placed.total_minor);
  command->mutable_instrument()->set_method(placed.payment_method);
  command->mutable_instrument()->set_token(placed.payment_token);
  return command;
}

void fill_authorization(const OrderCase& c, v1::EffectRequest& request) {
  fill_payment(c, request);
  request.set_payment_token(payment_state(c).token);
}

constexpr Step kSteps[] = {
    {.name = "OrderPlaced", .kind = StepKind::compensatable, .compensation = local(reject_order)},

    {.name = "ValidateOrder",
     .kind = StepKind::compensatable,
     .action = local(plain<order::ValidateOrder>),
     .no_compensation_because = "it only reads"},

    {.name = "ReserveStock",
     .kind = StepKind::compensatable,
     .action = {.participant = Participant::local, .commands = {reserve_stock}, .failed_with = is_short},
     .compensation = local(release_stock)},

    {.name = "AuthorizePayment",
     .kind = StepKind::compensatable,
     .action = payment_call<payment::PAYMENT_OPERATION_AUTHORIZE>(v1::OPERATION_AUTHORIZE_PAYMENT, nullptr, authorize_payment,
                                                                  fill_authorization),
     .compensation = kVoidAuthorization,
     .timeout = 15s,
     .retry = {.max_attempts = 3},
     .unknown_code = "PAYMENT_OUTCOME_UNKNOWN"},

    {.name = "ConfirmOrder", .kind = StepKind::pivot, .action = local(plain<order::ConfirmOrder>, plain<inventory::CommitReservation>)},
};

constexpr Definition kDefinition{.name = "place_order", .version = 1, .started_by = order::OrderPlaced::descriptor, .steps = kSteps};
static_assert(check(kDefinition) == Broken::none);

}  // namespace

constinit const Definition kPlaceOrder = kDefinition;

}  // namespace ordersaga::sagas
