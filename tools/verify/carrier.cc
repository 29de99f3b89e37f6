#include "tools/verify/carrier.h"

#include <fmt/format.h>

#include <algorithm>

#include "ordersaga/saga/v1/saga.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"
#include "schemas/lineage.h"

namespace ordersaga::verify {

namespace saga_v1 = ordersaga::saga::v1;
namespace shipment_v1 = ordersaga::shipment::v1;

namespace {

constexpr auto kCreated = shipment_v1::TRACKING_STATUS_BOOKED;
constexpr auto kHandedOver = shipment_v1::TRACKING_STATUS_HANDED_OVER;
constexpr auto kDelivered = shipment_v1::TRACKING_STATUS_DELIVERED;
constexpr auto kLost = shipment_v1::TRACKING_STATUS_LOST;
constexpr auto kCancelled = shipment_v1::TRACKING_STATUS_CANCELLED;

// "DELIVERED"
std::string word(shipment_v1::TrackingStatus status) {
  constexpr std::string_view kPrefix = "TRACKING_STATUS_";
  std::string name = shipment_v1::TrackingStatus_Name(status);
  return name.size() > kPrefix.size() ? name.substr(kPrefix.size()) : "unknown";
}

// Whether a parcel that was there when we last asked can be there now.
bool may_have_gone_on(shipment_v1::TrackingStatus from, shipment_v1::TrackingStatus to) {
  if (from == to) return true;
  if (from == kLost) return to == kDelivered;
  return from != kDelivered && to > from && to != kCancelled;
}

std::string references(const std::vector<CarrierEntry>& entries) {
  std::string all;
  for (const CarrierEntry& entry : entries) all += (all.empty() ? "" : ", ") + entry.reference;
  return all;
}

bool any_of(const std::vector<CarrierEntry>& entries, std::string_view booking) {
  return std::any_of(entries.begin(), entries.end(), [&](const CarrierEntry& e) { return e.booking == booking; });
}

}  // namespace

const CarrierEntry* CarrierChecker::Kept::booking(std::string_view reference) const {
  auto it = std::find_if(bookings.begin(), bookings.end(), [&](const CarrierEntry& e) { return e.reference == reference; });
  return it == bookings.end() ? nullptr : &*it;
}

bool CarrierChecker::Kept::is_handed_over(std::string_view booking) const {
  return any_of(hand_overs, booking);
}

bool CarrierChecker::Kept::is_cancelled(std::string_view booking) const {
  return any_of(cancellations, booking);
}

CarrierChecker::CarrierChecker(CarrierSource& carrier, Findings& findings)
    : carrier_(carrier), findings_(findings), before_(sort(carrier.carrier_ledger())) {}

CarrierChecker::Ledger CarrierChecker::sort(std::vector<CarrierEntry> entries) {
  Ledger ledger;
  for (CarrierEntry& entry : entries) {
    Kept& kept = ledger[entry.shipment_id];
    auto& list = entry.operation == CarrierOperation::book        ? kept.bookings
                 : entry.operation == CarrierOperation::hand_over ? kept.hand_overs
                                                                  : kept.cancellations;
    list.push_back(std::move(entry));
  }
  return ledger;
}

void CarrierChecker::begin(const ShardSnapshot&) {
  phases_.clear();
  of_shard_.clear();
}

CarrierChecker::Shipment& CarrierChecker::shipment(const std::string& id, std::string_view order_id) {
  auto [it, is_new] = shipments_.try_emplace(id);
  if (is_new) of_shard_.emplace_back(id, std::string(order_id));
  return it->second;
}

void CarrierChecker::see(const LogEntry& entry) {
  phases_.see(entry);
  if (entry.stream.kind == StreamKind::shipment)
    see_event(shipment(std::string(entry.stream.subject), entry.stream.key), entry);
  else if (entry.stream.kind == StreamKind::saga)
    see_request(entry);
}

void CarrierChecker::see_event(Shipment& shipment, const LogEntry& entry) {
  if (const auto* created = entry.as<shipment_v1::ShipmentCreated>()) {
    shipment.status = kCreated;
    shipment.booking = created->booking_reference();
    shipment.tracking_number = created->tracking_number();
  } else if (const auto* dispatched = entry.as<shipment_v1::ShipmentDispatched>()) {
    shipment.status = kHandedOver;
    shipment.dispatched = true;
    shipment.hand_over = dispatched->reference();
  } else if (const auto* updated = entry.as<shipment_v1::ShipmentTrackingUpdated>()) {
    shipment.status = updated->status();
  } else if (entry.as<shipment_v1::ShipmentDelivered>() != nullptr) {
    shipment.status = kDelivered;
  } else if (entry.as<shipment_v1::ShipmentLost>() != nullptr) {
    shipment.status = kLost;
  } else if (entry.as<shipment_v1::ShipmentCancelled>() != nullptr) {
    shipment.status = kCancelled;
  }
}

void CarrierChecker::see_request(const LogEntry& entry) {
  const auto* advanced = entry.as<saga_v1::SagaAdvanced>();
  if (advanced == nullptr || !advanced->has_request()) return;
  const saga_v1::EffectRequest& request = advanced->request();
  auto asked = [&]() -> Shipment& { return shipment(subject_of(request, entry.stream.key), entry.stream.key); };
  if (request.operation() == saga_v1::OPERATION_BOOK_SHIPMENT) {
    asked().booking_asked = true;
    asked().postcode = request.destination().postcode();
  } else if (request.operation() == saga_v1::OPERATION_HAND_OVER_SHIPMENT) {
    asked().hand_over_asked = true;
  } else if (request.operation() == saga_v1::OPERATION_CANCEL_SHIPMENT) {
    asked().cancellation_asked = true;
  }
}

void CarrierChecker::end(const ShardSnapshot&) {
  for (const auto& [id, order_id] : of_shard_) shipments_[id].settled = phases_.all_over(order_id);
}

void CarrierChecker::finish() {
  Ledger after = sort(carrier_.carrier_ledger());
  for (const auto& [id, kept] : before_) {
    auto ours = shipments_.find(id);
    check_asked_for(id, kept, ours == shipments_.end() ? nullptr : &ours->second);
  }
  for (const auto& [id, kept] : after) check_counts(id, kept);
  for (const auto& [id, ours] : shipments_) {
    check_claims(id, ours, after[id]);
    if (ours.settled) check_settled(id, ours, after[id]);
  }
}

void CarrierChecker::check_asked_for(const std::string& id, const Kept& kept, const Shipment* ours) {
  if (ours == nullptr) return found(id, "a shipment of ours, because the carrier's ledger has it", "none in the log");
  auto check = [&](const std::vector<CarrierEntry>& entries, bool asked) {
    if (!entries.empty() && !asked)
      found(id, fmt::format("no {} at the carrier, because we asked for none", name(entries.front().operation)), references(entries));
  };
  check(kept.bookings, ours->booking_asked);
  check(kept.hand_overs, ours->hand_over_asked);
  check(kept.cancellations, ours->cancellation_asked);
  for (const CarrierEntry& booking : kept.bookings)
    if (ours->booking_asked && booking.postcode != ours->postcode)
      found(id, fmt::format("booking {} to postcode {}, as we asked", booking.reference, ours->postcode), booking.postcode);
}

void CarrierChecker::check_counts(const std::string& id, const Kept& kept) {
  for (const auto* entries : {&kept.bookings, &kept.hand_overs})
    if (entries->size() > 1)
      found(id, fmt::format("at most one {} at the carrier", name(entries->front().operation)),
            fmt::format("{}: {}", entries->size(), references(*entries)));
}

void CarrierChecker::check_claims(const std::string& id, const Shipment& ours, const Kept& kept) {
  if (ours.status == shipment_v1::TRACKING_STATUS_UNSPECIFIED) return;
  const CarrierEntry* booking = kept.booking(ours.booking);
  if (booking == nullptr)
    return found(id, fmt::format("booking {} in the carrier's ledger, as in our log", ours.booking),
                 kept.bookings.empty() ? "none" : references(kept.bookings));
  if (booking->tracking_number != ours.tracking_number)
    found(id, fmt::format("tracking number {} at the carrier, as in our log", ours.tracking_number), booking->tracking_number);
  check_journey(id, ours, *booking, kept);
}

void CarrierChecker::check_journey(const std::string& id, const Shipment& ours, const CarrierEntry& booking, const Kept& kept) {
  if (ours.status == kCancelled) {
    if (!kept.is_cancelled(booking.reference) && booking.tracking != kCancelled)
      found(id, fmt::format("booking {} cancelled at the carrier, as in our log", booking.reference), word(booking.tracking));
    return;
  }
  if (!ours.dispatched) return;
  bool is_theirs = ours.hand_over.empty() ? kept.is_handed_over(booking.reference)
                                          : std::any_of(kept.hand_overs.begin(), kept.hand_overs.end(), [&](const CarrierEntry& e) {
                                              return e.reference == ours.hand_over && e.booking == booking.reference;
                                            });
  if (!is_theirs)
    return found(id, fmt::format("hand-over {} of booking {} in the carrier's ledger, as in our log", ours.hand_over, booking.reference),
                 kept.hand_overs.empty() ? "none" : references(kept.hand_overs));
  if (!may_have_gone_on(ours.status, booking.tracking))
    found(id, fmt::format("{} at the carrier, or later, as in our log", word(ours.status)), word(booking.tracking));
}

// Of an order that nothing will move any more.
void CarrierChecker::check_settled(const std::string& id, const Shipment& ours, const Kept& kept) {
  bool open_here = ours.status != shipment_v1::TRACKING_STATUS_UNSPECIFIED && ours.status != kCancelled;
  for (const CarrierEntry& booking : kept.bookings) {
    bool is_ours = open_here && booking.reference == ours.booking;
    if (!is_ours && !kept.is_cancelled(booking.reference))
      found(id, fmt::format("booking {} in our log, or cancelled, because the order's sagas are over", booking.reference),
            word(booking.tracking));
    if (!is_ours) continue;
    if (kept.is_cancelled(booking.reference))
      found(id, fmt::format("booking {} cancelled in our log, as at the carrier", booking.reference), word(ours.status));
    if (kept.is_handed_over(booking.reference) && !ours.dispatched)
      found(id, fmt::format("booking {} dispatched in our log, as at the carrier", booking.reference), word(ours.status));
    if (booking.tracking == kDelivered && ours.status != kDelivered)
      found(id, "delivered in our log, as at the carrier, because the order's sagas are over", word(ours.status));
  }
}

void CarrierChecker::found(const std::string& id, std::string expected, std::string found) {
  findings_.add({"I17", fmt::format("shipment {}", id), std::move(expected), std::move(found)});
}

}  // namespace ordersaga::verify
