#include "aggregates/shipment/shipment.h"

#include <algorithm>

#include "aggregates/address.h"
#include "aggregates/child_id.h"
#include "aggregates/field_errors.h"
#include "aggregates/text.h"
#include "aggregates/transition.h"

namespace ordersaga::aggregates::shipment {
namespace {

Decision<Event> accepted() {
  return Events<Event>{};
}

Rejection no_shipment() {
  return not_found(error::kShipmentNotFound, "the shipment");
}

Rejection refused(std::string_view command, const State& state) {
  return invalid_transition(command, state.status, allowed_next(state.status));
}

// From the hand-over on the parcel is the carrier's.
bool is_handed_over(Status status) {
  return status >= Status::dispatched && status <= Status::lost;
}

FieldErrors check(const v1::CreateShipment& command) {
  FieldErrors errors;
  errors.require_id(field("order_id"), command.order_id());
  if (!is_child_id(command.shipment_id(), command.order_id())) errors.add(field("shipment_id"), "must be <order id>.<n>, n from 1");
  if (command.lines().empty() || command.lines_size() > kMaxLines)
    errors.add(field("lines"), "must be 1 to " + std::to_string(kMaxLines) + " lines");
  for (int i = 0; i < std::min(command.lines_size(), kMaxLines); ++i) {
    errors.require_id(Field{"lines", i, "sku", -1}, command.lines(i).sku());
    errors.check_range(Field{"lines", i, "quantity", -1}, command.lines(i).quantity(), 1, kMaxQuantity);
  }
  if (command.has_destination()) {
    check_address(errors, command.destination(), "destination");
  } else {
    errors.add(field("destination"), "is missing");
  }
  errors.require_text(field("carrier"), command.carrier(), kMaxText);
  errors.require_text(field("booking_reference"), command.booking_reference(), kMaxText);
  errors.check_text(field("tracking_number"), command.tracking_number(), kMaxText);
  errors.check_text(field("label_url"), command.label_url(), kMaxUrl);
  return errors;
}

Decision<Event> create(const v1::CreateShipment& command, const State& state, const Context& context) {
  if (state.status != Status::none) {
    bool is_same = command.booking_reference() == state.booking_reference && state.status != Status::cancelled;
    if (is_same) return accepted();
    return refused("CreateShipment", state);
  }
  FieldErrors errors = check(command);
  if (!errors.empty()) return std::move(errors).rejection();

  auto* created = make<v1::ShipmentCreated>(context);
  created->set_shipment_id(command.shipment_id());
  created->mutable_lines()->MergeFrom(command.lines());
  *created->mutable_destination() = command.destination();
  created->set_carrier(command.carrier());
  created->set_booking_reference(command.booking_reference());
  created->set_tracking_number(command.tracking_number());
  created->set_label_url(command.label_url());
  return Events<Event>{created};
}

Decision<Event> pack(const v1::RecordPack& command, const State& state, const Context& context) {
  if (state.status == Status::none) return no_shipment();
  if (state.status == Status::packed || is_handed_over(state.status)) return accepted();
  if (state.status != Status::created) return refused("RecordPack", state);
  FieldErrors errors;
  errors.check_text(field("packed_by"), command.packed_by(), kMaxText);
  if (!errors.empty()) return std::move(errors).rejection();
  auto* packed = make<v1::ShipmentPacked>(context);
  packed->set_packed_by(command.packed_by());
  return Events<Event>{packed};
}

Decision<Event> dispatch(const v1::DispatchShipment& command, const State& state, const Context& context) {
  if (state.status == Status::none) return no_shipment();
  if (is_handed_over(state.status)) return accepted();
  if (state.status != Status::packed) return refused("DispatchShipment", state);
  auto* dispatched = make<v1::ShipmentDispatched>(context);
  dispatched->set_reference(made_text(command.reference(), kMaxText));
  return Events<Event>{dispatched};
}

v1::ShipmentCancelled* cancelled_because(std::string_view reason, const Context& context) {
  auto* cancelled = make<v1::ShipmentCancelled>(context);
  cancelled->set_reason(made_text(reason, kMaxText));
  return cancelled;
}

// The event that a carrier's status beyond the hand-over is.
Event progress(const v1::RecordTracking& command, const Context& context) {
  auto told = [&](auto* happened) {
    happened->set_note(made_text(command.note(), kMaxText));
    return happened;
  };
  if (command.status() == v1::TRACKING_STATUS_DELIVERED) return told(make<v1::ShipmentDelivered>(context));
  if (command.status() == v1::TRACKING_STATUS_LOST) return told(make<v1::ShipmentLost>(context));
  auto* updated = told(make<v1::ShipmentTrackingUpdated>(context));
  updated->set_status(command.status());
  return updated;
}

bool is_news(v1::TrackingStatus status, const State& state) {
  if (state.status == Status::lost) return status == v1::TRACKING_STATUS_DELIVERED;
  return status > state.tracking;
}

Decision<Event> track(const v1::RecordTracking& command, const State& state, const Context& context) {
  constexpr std::string_view kWhat = "RecordTracking";
  if (state.status == Status::none) return no_shipment();
  if (command.status() <= v1::TRACKING_STATUS_UNSPECIFIED || command.status() > v1::TRACKING_STATUS_CANCELLED) {
    FieldErrors errors;
    errors.add(field("status"), "is none that a parcel has");
    return std::move(errors).rejection();
  }
  if (!is_news(command.status(), state)) return accepted();
  if (state.status == Status::delivered) return refused(kWhat, state);  // neither lost nor cancelled any more
  if (command.status() == v1::TRACKING_STATUS_CANCELLED) {
    if (is_handed_over(state.status)) return refused(kWhat, state);
    return Events<Event>{cancelled_because(command.note().empty() ? "cancelled by the carrier" : command.note(), context)};
  }
  if (state.status == Status::created) return refused(kWhat, state);  // nobody can have taken it: it is not packed

  Events<Event> events;
  if (state.status == Status::packed) {
    events.push_back(make<v1::ShipmentDispatched>(context));
    if (command.status() == v1::TRACKING_STATUS_HANDED_OVER) return events;
  }
  events.push_back(progress(command, context));
  return events;
}

Decision<Event> cancel(const v1::CancelShipment& command, const State& state, const Context& context) {
  if (state.status == Status::none || state.status == Status::cancelled) return accepted();
  if (is_handed_over(state.status)) return refused("CancelShipment", state);
  return Events<Event>{cancelled_because(command.reason(), context)};
}

void move_to(State& state, Status status, v1::TrackingStatus tracking) {
  state.status = status;
  state.tracking = tracking;
}

}  // namespace

std::string_view name(Status status) {
  constexpr std::string_view kNames[] = {"NONE", "CREATED", "PACKED", "DISPATCHED", "IN_TRANSIT", "DELIVERED", "LOST", "CANCELLED"};
  return kNames[static_cast<std::size_t>(status)];
}

std::span<const Status> allowed_next(Status status) {
  using enum Status;
  static constexpr Status kNone[] = {created};
  static constexpr Status kCreated[] = {packed, cancelled};
  static constexpr Status kPacked[] = {dispatched, in_transit, delivered, lost, cancelled};
  static constexpr Status kDispatched[] = {in_transit, delivered, lost};
  static constexpr Status kInTransit[] = {delivered, lost};
  static constexpr Status kLost[] = {delivered};
  switch (status) {
    case none:
      return kNone;
    case created:
      return kCreated;
    case packed:
      return kPacked;
    case dispatched:
      return kDispatched;
    case in_transit:
      return kInTransit;
    case lost:
      return kLost;
    case delivered:
    case cancelled:
      return {};
  }
  return {};
}

Decision<Event> decide(const Command& command, const State& state, const Context& context) {
  return std::visit(Overloaded{
                        [&](const v1::CreateShipment* c) { return create(*c, state, context); },
                        [&](const v1::RecordPack* c) { return pack(*c, state, context); },
                        [&](const v1::DispatchShipment* c) { return dispatch(*c, state, context); },
                        [&](const v1::RecordTracking* c) { return track(*c, state, context); },
                        [&](const v1::CancelShipment* c) { return cancel(*c, state, context); },
                    },
                    command);
}

void evolve(State& state, const Event& event) {
  std::visit(Overloaded{
                 [&](const v1::ShipmentCreated* e) {
                   move_to(state, Status::created, v1::TRACKING_STATUS_BOOKED);
                   state.booking_reference = e->booking_reference();
                 },
                 [&](const v1::ShipmentPacked*) { state.status = Status::packed; },
                 [&](const v1::ShipmentDispatched*) { move_to(state, Status::dispatched, v1::TRACKING_STATUS_HANDED_OVER); },
                 [&](const v1::ShipmentTrackingUpdated* e) { move_to(state, Status::in_transit, e->status()); },
                 [&](const v1::ShipmentDelivered*) { move_to(state, Status::delivered, v1::TRACKING_STATUS_DELIVERED); },
                 [&](const v1::ShipmentLost*) { move_to(state, Status::lost, v1::TRACKING_STATUS_LOST); },
                 [&](const v1::ShipmentCancelled*) { move_to(state, Status::cancelled, v1::TRACKING_STATUS_CANCELLED); },
             },
             event);
}

}  // namespace ordersaga::aggregates::shipment
