#include "aggregates/order/order.h"

#include <algorithm>
#include <cassert>

#include "aggregates/country.h"
#include "aggregates/order/place_order.h"
#include "aggregates/text.h"
#include "aggregates/transition.h"

namespace ordersaga::aggregates::order {
namespace {

Decision<Event> accepted() {
  return Events<Event>{};
}

Rejection no_order() {
  return not_found(error::kOrderNotFound, "the order");
}

bool may_go(Status from, Status to) {
  std::span<const Status> next = allowed_next(from);
  return std::find(next.begin(), next.end(), to) != next.end();
}

// Whether the order has been in `milestone`, or is. REQUIRES: it is one of CONFIRMED to COMPLETED, where order in the enum
// is order in life.
bool has_passed(Status status, Status milestone) {
  return status >= milestone && status <= Status::completed;
}

// One step along the order's main line.
template <class Happened>
Decision<Event> advance(const State& state, Status to, std::string_view command, const Context& context) {
  if (state.status == Status::none) return no_order();
  if (has_passed(state.status, to)) return accepted();
  if (!may_go(state.status, to)) return invalid_transition(command, state.status, allowed_next(state.status));
  return Events<Event>{make<Happened>(context)};
}

// A step off it.
template <class Happened, class Command>
Decision<Event> end(const Command& command, const State& state, Status to, std::string_view command_name, const Context& context) {
  if (state.status == Status::none) return no_order();
  if (state.status == to) return accepted();
  if (!may_go(state.status, to)) return invalid_transition(command_name, state.status, allowed_next(state.status));
  auto* happened = make<Happened>(context);
  happened->set_code(made_text(command.code(), kMaxShortText));
  happened->set_reason(made_text(command.reason(), kMaxShortText));
  return Events<Event>{happened};
}

Decision<Event> validate(const State& state) {
  if (state.status == Status::none) return no_order();
  if (state.status != Status::pending) return invalid_transition("ValidateOrder", state.status, allowed_next(state.status));
  if (!is_served(state.country_code))
    return Rejection{std::string(error::kInvalidArgument),
                     "we do not ship to this country",
                     {{{"field", "shipping_address.country_code"}, {"problem", "is a country that no carrier of ours goes to"}}}};
  return accepted();
}

void apply(State& state, const v1::OrderPlaced& placed) {
  state.status = Status::pending;
  state.order_number = placed.order_number();
  state.lines.reserve(static_cast<std::size_t>(placed.items_size()));
  for (const v1::OrderItem& item : placed.items()) state.lines.push_back({item.sku(), item.quantity()});
  state.currency_code = placed.totals().currency_code();
  state.total_minor = placed.totals().total_minor();
  state.payment_method = placed.payment().method();
  state.payment_token = placed.payment().token();
  state.country_code = placed.shipping_address().country_code();
  state.shipping_address = Packed(placed.shipping_address());
}

Rejection already_placed(Status status) {
  Rejection rejection = invalid_transition("PlaceOrder", status, allowed_next(status));
  rejection.message = "the order id is in use";
  return rejection;
}

}  // namespace

std::string_view name(Status status) {
  constexpr std::string_view kNames[] = {"NONE",  "PENDING", "REJECTED",  "CONFIRMED", "PROCESSING",
                                         "READY", "SHIPPED", "DELIVERED", "COMPLETED", "CANCELLED"};
  return kNames[static_cast<std::size_t>(status)];
}

std::span<const Status> allowed_next(Status status) {
  using enum Status;
  static constexpr Status kNone[] = {pending};
  static constexpr Status kPending[] = {confirmed, rejected};
  static constexpr Status kConfirmed[] = {processing, cancelled};
  static constexpr Status kProcessing[] = {ready, cancelled};
  static constexpr Status kReady[] = {shipped, cancelled};
  static constexpr Status kShipped[] = {delivered};
  static constexpr Status kDelivered[] = {completed};
  switch (status) {
    case none:
      return kNone;
    case pending:
      return kPending;
    case confirmed:
      return kConfirmed;
    case processing:
      return kProcessing;
    case ready:
      return kReady;
    case shipped:
      return kShipped;
    case delivered:
      return kDelivered;
    case rejected:
    case completed:
    case cancelled:
      return {};
  }
  return {};
}

Decision<Event> decide(const Command& command, const State& state, const Facts& facts, const Context& context) {
  using enum Status;
  return std::visit(
      Overloaded{
          [&](const v1::PlaceOrder* c) -> Decision<Event> {
            if (state.status != none) return already_placed(state.status);
            assert(facts.levels != nullptr && !facts.order_number.empty());
            return place(*c, facts, context);
          },
          [&](const v1::ValidateOrder*) { return validate(state); },
          [&](const v1::RejectOrder* c) { return end<v1::OrderRejected>(*c, state, rejected, "RejectOrder", context); },
          [&](const v1::ConfirmOrder*) { return advance<v1::OrderConfirmed>(state, confirmed, "ConfirmOrder", context); },
          [&](const v1::StartFulfilment*) { return advance<v1::FulfilmentStarted>(state, processing, "StartFulfilment", context); },
          [&](const v1::MarkOrderReady*) { return advance<v1::OrderReady>(state, ready, "MarkOrderReady", context); },
          [&](const v1::MarkOrderShipped*) { return advance<v1::OrderShipped>(state, shipped, "MarkOrderShipped", context); },
          [&](const v1::MarkOrderDelivered*) { return advance<v1::OrderDelivered>(state, delivered, "MarkOrderDelivered", context); },
          [&](const v1::CompleteOrder*) { return advance<v1::OrderCompleted>(state, completed, "CompleteOrder", context); },
          [&](const v1::ConfirmCancel* c) { return end<v1::OrderCancelled>(*c, state, cancelled, "ConfirmCancel", context); },
      },
      command);
}

void evolve(State& state, const Event& event) {
  using enum Status;
  std::visit(Overloaded{
                 [&](const v1::OrderPlaced* e) { apply(state, *e); },
                 [&](const v1::OrderRejected*) { state.status = rejected; },
                 [&](const v1::OrderConfirmed*) { state.status = confirmed; },
                 [&](const v1::FulfilmentStarted*) { state.status = processing; },
                 [&](const v1::OrderReady*) { state.status = ready; },
                 [&](const v1::OrderShipped*) { state.status = shipped; },
                 [&](const v1::OrderDelivered*) { state.status = delivered; },
                 [&](const v1::OrderCompleted*) { state.status = completed; },
                 [&](const v1::OrderCancelled*) { state.status = cancelled; },
             },
             event);
}

}  // namespace ordersaga::aggregates::order
