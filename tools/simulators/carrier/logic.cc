#include "tools/simulators/carrier/logic.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tools/simulators/fingerprint.h"

namespace ordersaga::simulators::carrier {
namespace {

constexpr std::size_t kMaxText = 256;

// The magic postcodes. docs/simulators.md is this table for people.
constexpr std::string_view kLost = "LOST";                       // travels, then is lost
constexpr std::string_view kNoCarrier = "NOCARRIER";             // the booking is refused
constexpr std::string_view kSlow = "SLOW";                       // booked, answered after Options::slow
constexpr std::string_view kTimeout = "TIMEOUT";                 // booked, answered too late
constexpr std::string_view kTimeoutNotDone = "TIMEOUT-NOTDONE";  // not booked, no answer in time; the next try books
constexpr std::string_view kUnavailable = "UNAVAILABLE";         // the first try is refused for now; the next books

Answer say(Verdict verdict, std::string_view code, std::string message) {
  return {verdict, nullptr, code, std::move(message), {}};
}

Answer said(const LedgerEntry& entry) {
  return {entry.done() ? Verdict::done : Verdict::refused, &entry, {}, {}, {}};
}

// The parameters that a key stands for. What a call acts on is not among them: a repetition may know it better.
std::uint64_t fingerprint(const Call& call) {
  return Fingerprint().add(name(call.kind)).add(call.shipment).add(call.postcode).add(call.city).value();
}

std::string problem(const Call& call) {
  if (call.key.empty() || call.key.size() > kMaxText) return "the idempotency key must have 1 to 256 characters";
  if (call.shipment.empty() || call.shipment.size() > kMaxText) return "shipment must have 1 to 256 characters";
  if (call.kind == Kind::booking) {
    if (call.postcode.empty() || call.postcode.size() > kMaxText) return "destination.postcode must have 1 to 256 characters";
    if (call.city.size() > kMaxText) return "destination.city may have 256 characters";
    if (call.parcels < 1) return "lines must name what is sent";
    return {};
  }
  if (call.reference.empty() && call.target_key.empty()) return "reference or target_key must say what the call acts on";
  if (call.reference.size() > kMaxText || call.target_key.size() > kMaxText) return "reference and target_key may have 256 characters";
  return {};
}

std::string new_id(Kind kind, std::int64_t sequence) {
  constexpr std::string_view prefixes[] = {"bkg_", "han_", "can_", "adv_"};
  return std::string(prefixes[static_cast<std::size_t>(kind)]) + std::to_string(sequence);
}

std::string new_tracking_number(std::int64_t sequence) {
  std::string digits = std::to_string(sequence);
  return "SP" + std::string(10 - std::min<std::size_t>(10, digits.size()), '0') + digits;
}

}  // namespace

std::string_view name(Kind kind) {
  constexpr std::string_view names[] = {"booking", "handover", "cancellation", "advance"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name(Tracking tracking) {
  constexpr std::string_view names[] = {"BOOKED", "HANDED_OVER", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED", "LOST", "CANCELLED"};
  return names[static_cast<std::size_t>(tracking)];
}

Carrier::Carrier(Options options, Recorder recorder) : options_(options), recorder_(std::move(recorder)) {}

Answer Carrier::handle(const Call& call, Timestamp now) {
  if (std::string wrong = problem(call); !wrong.empty()) return say(Verdict::invalid, "invalid_request", wrong);
  if (const LedgerEntry* known = remembered(call.key, now)) {
    bool same = known->fingerprint == 0 ? known->kind == call.kind : known->fingerprint == fingerprint(call);
    if (!same) return say(Verdict::invalid, "idempotency_key_mismatch", "this key was used for another call");
    return said(*known);
  }
  switch (call.kind) {
    case Kind::booking:
      return book(call, now);
    case Kind::handover:
      return hand_over(call, now);
    case Kind::cancellation:
      return cancel(call, now);
    case Kind::advance:
      break;
  }
  return say(Verdict::invalid, "invalid_request", "no such call");
}

Answer Carrier::query(std::string_view key, Timestamp now) const {
  if (const LedgerEntry* known = remembered(key, now)) return said(*known);
  return say(Verdict::nothing, "unknown_key", "no call with this key is known");
}

Tracked Carrier::track(std::string_view name, Timestamp now) const {
  const Parcel* parcel = find(name);
  if (!parcel) return {};
  return {parcel->booking, status(*parcel, now)};
}

Answer Carrier::advance(std::string_view name, Timestamp now) {
  const Parcel* parcel = find(name);
  if (!parcel) return say(Verdict::nothing, "unknown_booking", "there is no such booking");
  Tracking at = status(*parcel, now);
  if (at == Tracking::booked) return say(Verdict::invalid, "not_handed_over", "the parcel was not handed over yet");
  if (at >= Tracking::delivered) return say(Verdict::invalid, "journey_ended", "the parcel goes nowhere any more");
  LedgerEntry entry;
  entry.at = now;
  entry.kind = Kind::advance;
  entry.shipment = parcel->booking->shipment;
  entry.booking = parcel->booking->id;
  return said(append(std::move(entry)));
}

void Carrier::restore(LedgerEntry entry) {
  std::int64_t next = static_cast<std::int64_t>(ledger_.size()) + 1;
  if (entry.sequence != next)
    throw std::invalid_argument("ledger entry " + std::to_string(entry.sequence) + " where " + std::to_string(next) + " was expected");
  apply(ledger_.emplace_back(std::move(entry)));
}

const LedgerEntry* Carrier::remembered(std::string_view key, Timestamp now) const {
  auto it = keys_.find(key);
  if (it == keys_.end() || now - it->second->at > options_.key_lifetime) return nullptr;
  return it->second;
}

const Carrier::Parcel* Carrier::find(std::string_view name) const {
  if (auto it = parcels_.find(name); it != parcels_.end()) return &it->second;
  if (auto it = shipments_.find(name); it != shipments_.end()) return &parcels_.at(it->second->id);
  return nullptr;
}

// The booking that was made and that a call acts on; null when there is none.
const Carrier::Parcel* Carrier::target(const Call& call) const {
  if (auto it = parcels_.find(call.reference); it != parcels_.end()) return &it->second;
  auto it = keys_.find(call.target_key);
  if (it == keys_.end() || it->second->kind != Kind::booking || !it->second->done()) return nullptr;
  return &parcels_.at(it->second->id);
}

Tracking Carrier::status(const Parcel& parcel, Timestamp now) const {
  if (parcel.cancelled) return Tracking::cancelled;
  if (!parcel.handed_over) return Tracking::booked;
  std::int64_t steps = parcel.advances;
  if (options_.advance_every.count() > 0 && now > parcel.handed_over_at) steps += (now - parcel.handed_over_at) / options_.advance_every;
  if (parcel.booking->postcode == kLost && steps > 1) return Tracking::lost;
  constexpr auto from = static_cast<std::int64_t>(Tracking::handed_over);
  constexpr auto to = static_cast<std::int64_t>(Tracking::delivered);
  return static_cast<Tracking>(std::min(from + steps, to));
}

Answer Carrier::book(const Call& call, Timestamp now) {
  if (call.postcode == kNoCarrier) return record(call, nullptr, now, "no_service", "nobody delivers to this postcode");
  bool counts = call.postcode == kSlow || call.postcode == kTimeout || call.postcode == kTimeoutNotDone || call.postcode == kUnavailable;
  if (!counts || ++tries_[call.key] > 1) return record(call, nullptr, now);
  Answer answer;
  if (call.postcode == kTimeoutNotDone || call.postcode == kUnavailable) {
    answer = say(Verdict::unavailable, "unavailable", "nothing was done; try again");
  } else {
    answer = record(call, nullptr, now);
  }
  if (call.postcode == kSlow) answer.delay = options_.slow;
  if (call.postcode == kTimeout || call.postcode == kTimeoutNotDone) answer.delay = options_.late;
  return answer;
}

Answer Carrier::hand_over(const Call& call, Timestamp now) {
  const Parcel* parcel = target(call);
  if (!parcel) return record(call, nullptr, now, "unknown_booking", "there is no such booking");
  if (parcel->cancelled) return record(call, parcel, now, "booking_cancelled", "the booking was cancelled");
  return record(call, parcel, now);
}

Answer Carrier::cancel(const Call& call, Timestamp now) {
  const Parcel* parcel = target(call);
  if (parcel && parcel->handed_over) return record(call, parcel, now, "already_handed_over", "the parcel is on its way");
  if (!parcel && call.target_key.empty()) return record(call, nullptr, now, "unknown_booking", "there is no such booking");
  if (!parcel && !remembered(call.target_key, now)) {
    // The booking that is undone here may still arrive: it shall be refused.
    LedgerEntry entry;
    entry.at = now;
    entry.kind = Kind::booking;
    entry.key = call.target_key;
    entry.shipment = call.shipment;
    entry.code = "cancelled_before_booking";
    entry.message = "undone before it arrived";
    append(std::move(entry));
  }
  return record(call, parcel, now);
}

Answer Carrier::record(const Call& call, const Parcel* parcel, Timestamp now, std::string_view code, std::string message) {
  LedgerEntry entry;
  entry.at = now;
  entry.kind = call.kind;
  entry.key = call.key;
  entry.shipment = call.shipment;
  if (parcel) entry.booking = parcel->booking->id;
  entry.postcode = call.postcode;
  entry.city = call.city;
  entry.code = std::string(code);
  entry.message = std::move(message);
  entry.fingerprint = fingerprint(call);
  return said(append(std::move(entry)));
}

const LedgerEntry& Carrier::append(LedgerEntry entry) {
  entry.sequence = static_cast<std::int64_t>(ledger_.size()) + 1;
  entry.id = new_id(entry.kind, entry.sequence);
  if (entry.kind == Kind::booking) {
    entry.booking = entry.id;
    if (entry.done()) entry.tracking_number = new_tracking_number(entry.sequence);
  }
  if (recorder_) recorder_(entry);
  const LedgerEntry& kept = ledger_.emplace_back(std::move(entry));
  apply(kept);
  return kept;
}

void Carrier::apply(const LedgerEntry& entry) {
  if (!entry.key.empty()) keys_[entry.key] = &entry;
  if (!entry.done()) return;
  if (entry.kind == Kind::booking) {
    parcels_[entry.id].booking = &entry;
    shipments_[entry.shipment] = &entry;
    return;
  }
  auto it = parcels_.find(entry.booking);
  if (it == parcels_.end()) return;  // a cancellation of nothing
  Parcel& parcel = it->second;
  if (entry.kind == Kind::handover && !parcel.handed_over) {
    parcel.handed_over = true;
    parcel.handed_over_at = entry.at;
  }
  if (entry.kind == Kind::cancellation) parcel.cancelled = true;
  if (entry.kind == Kind::advance) ++parcel.advances;
}

}  // namespace ordersaga::simulators::carrier
