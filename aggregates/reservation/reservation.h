// The reservation: units of stock held for one order. Stream reservation-<order id>.
#pragma once

#include <cstdint>
#include <string>

#include "aggregates/decider.h"
#include "aggregates/stock/levels.h"
#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/inventory/v1/events.pb.h"

namespace ordersaga::aggregates::reservation {

namespace v1 = ordersaga::inventory::v1;

enum class Status : std::uint8_t { none, rejected, reserved, committed, released, consumed };

std::string_view name(Status status);

struct State {
  Status status = Status::none;
  // What is held, until it is released or consumed.
  std::vector<v1::Allocation> allocations;
  Timestamp expires_at{};
};

using Command = OneOf<v1::ReserveStock, v1::CommitReservation, v1::ReleaseStock, v1::ConsumeReservation>;
using Event = OneOf<v1::StockReserved, v1::StockReservationRejected, v1::ReservationCommitted, v1::StockReleased, v1::ReservationConsumed>;

// ReserveStock takes all lines or none, drawing on locations in the order of `levels`; a shortfall is the event
// StockReservationRejected. ReleaseStock is accepted without an event when nothing is held (undoing twice is harmless).
// CommitReservation is refused with RESERVATION_EXPIRED once `now` has passed expires_at.
Decision<Event> decide(const Command& command, const State& state, const stock::Levels& levels, const Context& context);
void evolve(State& state, const Event& event);

}  // namespace ordersaga::aggregates::reservation
