// The reservation: units of stock held for one order. Stream reservation-<order id>.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregates/decider.h"
#include "aggregates/stock/levels.h"
#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/inventory/v1/events.pb.h"

namespace ordersaga::aggregates::reservation {

namespace v1 = ordersaga::inventory::v1;

enum class Status : std::uint8_t { none, rejected, reserved, committed, released, consumed };

std::string_view name(Status status);
std::span<const Status> allowed_next(Status status);

// Units of a SKU at a location.
struct Held {
  std::string sku;
  std::string location;
  std::int32_t quantity = 0;
};

struct Short {
  std::string sku;
  std::int32_t requested = 0;
  std::int64_t available = 0;
};

struct State {
  Status status = Status::none;
  // What is held, until it is released or consumed.
  std::vector<Held> allocations;
  Timestamp expires_at{};
  // What could not be held; set when it was rejected.
  std::vector<Short> shortfalls;
};

using Command = OneOf<v1::ReserveStock, v1::CommitReservation, v1::ReleaseStock, v1::ConsumeReservation>;
using Event = OneOf<v1::StockReserved, v1::StockReservationRejected, v1::ReservationCommitted, v1::StockReleased, v1::ReservationConsumed>;

inline constexpr int kMaxLines = 500;
inline constexpr int kMaxQuantity = 1'000'000;
inline constexpr std::size_t kMaxText = 256;  // the reason of a release; longer ones are cut

// ReserveStock takes all lines or none, drawing on locations in the order of `levels`; a shortfall is the event
// StockReservationRejected, which names every short SKU once (a SKU without levels has 0 available). The same lines again
// are accepted without an event while they are held.
// CommitReservation is refused with RESERVATION_EXPIRED once `now` has passed expires_at; a committed reservation no longer
// expires. Again: accepted without an event.
// ReleaseStock gives back what is reserved or committed; accepted without an event when nothing was ever held or it was
// given back before (undoing twice is harmless), refused once the units have left the building. What it and
// ConsumeReservation record is exactly what was taken, without the levels seen then.
// ConsumeReservation wants a committed reservation; again: accepted without an event.
// All else is INVALID_TRANSITION, or RESERVATION_NOT_FOUND.
Decision<Event> decide(const Command& command, const State& state, const stock::Levels& levels, const Context& context);
void evolve(State& state, const Event& event);

}  // namespace ordersaga::aggregates::reservation
