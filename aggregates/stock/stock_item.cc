#include "aggregates/stock/stock_item.h"

#include "aggregates/field_errors.h"

namespace ordersaga::aggregates::stock {
namespace {

Decision<Event> receive(const v1::ReceiveStock& command, const State& state, const Context& context) {
  FieldErrors errors;
  errors.require_id(field("sku"), command.sku());
  errors.require_id(field("location"), command.location());
  errors.check_range(field("quantity"), command.quantity(), 1, kMaxUnits - state.received);
  if (!errors.empty()) return std::move(errors).rejection();

  auto* received = make<v1::StockReceived>(context);
  received->set_sku(command.sku());
  received->set_location(command.location());
  received->set_quantity(command.quantity());
  return Events<Event>{received};
}

enum class Move { reserve, release, consume };

template <class Allocations>
std::vector<Delta> moved(const Allocations& allocations, Move move) {
  std::vector<Delta> deltas;
  deltas.reserve(static_cast<std::size_t>(allocations.size()));
  for (const v1::Allocation& allocation : allocations) {
    std::int64_t units = allocation.quantity();
    std::int64_t on_hand = move == Move::reserve ? -units : move == Move::release ? units : 0;
    std::int64_t reserved = move == Move::reserve ? units : -units;
    deltas.push_back({allocation.sku(), allocation.location(), on_hand, reserved});
  }
  return deltas;
}

}  // namespace

Decision<Event> decide(const Command& command, const State& state, const Context& context) {
  return std::visit([&](const v1::ReceiveStock* receive_stock) { return receive(*receive_stock, state, context); }, command);
}

void evolve(State& state, const Event& event) {
  std::visit(
      [&](const v1::StockReceived* received) {
        state.exists = true;
        state.received += received->quantity();
      },
      event);
}

std::vector<Delta> deltas(const Message& event) {
  OneOf<v1::StockReserved, v1::ReservationConsumed, v1::StockReleased, v1::StockReceived> change;
  if (!narrow(event, change)) return {};
  return std::visit(Overloaded{
                        [](const v1::StockReserved* e) { return moved(e->allocations(), Move::reserve); },
                        [](const v1::ReservationConsumed* e) { return moved(e->allocations(), Move::consume); },
                        [](const v1::StockReleased* e) { return moved(e->allocations(), Move::release); },
                        [](const v1::StockReceived* e) {
                          return std::vector<Delta>{{e->sku(), e->location(), e->quantity(), 0}};
                        },
                    },
                    change);
}

}  // namespace ordersaga::aggregates::stock
