// The shipment: one parcel of an order. Stream shipment-<order id>.<n>.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "aggregates/decider.h"
#include "ordersaga/shipment/v1/commands.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"

namespace ordersaga::aggregates::shipment {

namespace v1 = ordersaga::shipment::v1;

enum class Status : std::uint8_t { none, created, packed, dispatched, in_transit, delivered, lost, cancelled };

std::string_view name(Status status);
std::span<const Status> allowed_next(Status status);

struct State {
  Status status = Status::none;
  std::string booking_reference;
  v1::TrackingStatus tracking = v1::TRACKING_STATUS_UNSPECIFIED;
};

using Command = OneOf<v1::CreateShipment, v1::RecordPack, v1::DispatchShipment, v1::RecordTracking, v1::CancelShipment>;
using Event = OneOf<v1::ShipmentCreated, v1::ShipmentPacked, v1::ShipmentDispatched, v1::ShipmentTrackingUpdated, v1::ShipmentDelivered,
                    v1::ShipmentLost, v1::ShipmentCancelled>;

inline constexpr int kMaxLines = 500;
inline constexpr int kMaxQuantity = 1'000'000;
inline constexpr std::size_t kMaxText = 256;
inline constexpr std::size_t kMaxUrl = 2'048;

// CreateShipment, RecordPack and DispatchShipment are accepted without an event when that has happened before (to the
// booking with the same reference); a parcel is dispatched only after it is packed.
// RecordTracking never goes back: a status at or before the one known is accepted without an event. A carrier that reports
// a packed parcel on its way has taken it: that is ShipmentDispatched too. A lost parcel may still be delivered.
// CancelShipment after the hand-over is refused with INVALID_TRANSITION; before any booking, and again, it is accepted
// without an event. The rest is INVALID_TRANSITION, or SHIPMENT_NOT_FOUND.
Decision<Event> decide(const Command& command, const State& state, const Context& context);
void evolve(State& state, const Event& event);

}  // namespace ordersaga::aggregates::shipment
