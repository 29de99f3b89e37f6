#include "aggregates/reservation/reservation.h"

#include <algorithm>
#include <array>

#include "aggregates/field_errors.h"
#include "aggregates/text.h"
#include "aggregates/transition.h"

namespace ordersaga::aggregates::reservation {
namespace {

using Lines = google::protobuf::RepeatedPtrField<v1::ReservationLine>;
// The locations of each line's SKU; null when it has none. Lines of the same SKU share them, so comparing the pointers
// compares the SKUs.
using LocationsOfLines = std::array<const stock::Locations*, kMaxLines>;

Decision<Event> accepted() {
  return Events<Event>{};
}

Rejection no_reservation() {
  return not_found(error::kReservationNotFound, "the reservation");
}

Rejection refused(std::string_view command, const State& state) {
  return invalid_transition(command, state.status, allowed_next(state.status));
}

Timestamp from_proto(const google::protobuf::Timestamp& time) {
  return Timestamp(std::chrono::seconds(time.seconds()) + std::chrono::microseconds(time.nanos() / 1'000));
}

// Seconds outside of it do not fit a Timestamp.
constexpr std::int64_t kMaxSeconds = 253'402'300'799;  // 9999-12-31T23:59:59Z, Protobuf's own limit

FieldErrors check(const v1::ReserveStock& command, const Context& context) {
  FieldErrors errors;
  if (command.lines().empty() || command.lines_size() > kMaxLines)
    errors.add(field("lines"), "must be 1 to " + std::to_string(kMaxLines) + " lines");
  for (int i = 0; i < std::min(command.lines_size(), kMaxLines); ++i) {
    errors.require_id(Field{"lines", i, "sku", -1}, command.lines(i).sku());
    errors.check_range(Field{"lines", i, "quantity", -1}, command.lines(i).quantity(), 1, kMaxQuantity);
  }
  std::int64_t seconds = command.expires_at().seconds();
  if (seconds < 0 || seconds > kMaxSeconds || from_proto(command.expires_at()) <= context.now)
    errors.add(field("expires_at"), "must be in the future");
  return errors;
}

bool is_same_sku(const Lines& lines, const LocationsOfLines& locations, int a, int b) {
  if (locations[a] != locations[b]) return false;
  return locations[a] != nullptr || lines[a].sku() == lines[b].sku();
}

// The lines' SKUs that are short, each once. Null when there are none.
v1::StockReservationRejected* find_shortfalls(const Lines& lines, const LocationsOfLines& locations, const Context& context) {
  v1::StockReservationRejected* rejected = nullptr;
  for (int i = 0; i < lines.size(); ++i) {
    bool seen = false;
    for (int j = 0; j < i && !seen; ++j) seen = is_same_sku(lines, locations, i, j);
    if (seen) continue;
    std::int32_t requested = lines[i].quantity();  // cannot overflow: kMaxLines * kMaxQuantity < 2^31
    for (int j = i + 1; j < lines.size(); ++j)
      if (is_same_sku(lines, locations, i, j)) requested += lines[j].quantity();
    std::int64_t available = 0;
    if (locations[i] != nullptr)
      for (const auto& [location, level] : *locations[i]) available += std::max<std::int64_t>(level.on_hand, 0);
    if (requested <= available) continue;

    if (rejected == nullptr) rejected = make<v1::StockReservationRejected>(context);
    v1::Shortfall& shortfall = *rejected->add_shortfalls();
    shortfall.set_sku(lines[i].sku());
    shortfall.set_requested(requested);
    shortfall.set_available(available);
  }
  return rejected;
}

// Units of line `line`'s SKU that earlier lines of the same command took at `location`.
std::int64_t taken_before(const v1::StockReserved& reserved, const Lines& lines, const LocationsOfLines& locations, int line,
                          const std::string& location) {
  bool shared = false;
  for (int j = 0; j < line && !shared; ++j) shared = is_same_sku(lines, locations, line, j);
  if (!shared) return 0;
  std::int64_t units = 0;
  for (const v1::Allocation& allocation : reserved.allocations())
    if (allocation.sku() == lines[line].sku() && allocation.location() == location) units += allocation.quantity();
  return units;
}

// REQUIRES: no shortfalls.
v1::StockReserved* take(const v1::ReserveStock& command, const LocationsOfLines& locations, const Context& context) {
  const Lines& lines = command.lines();
  auto* reserved = make<v1::StockReserved>(context);
  *reserved->mutable_expires_at() = command.expires_at();
  for (int i = 0; i < lines.size(); ++i) {
    std::int64_t missing = lines[i].quantity();
    for (const auto& [location, level] : *locations[i]) {
      if (missing == 0) break;
      std::int64_t before = taken_before(*reserved, lines, locations, i, location);
      std::int64_t units = std::min(level.on_hand - before, missing);
      if (units <= 0) continue;
      missing -= units;
      v1::Allocation& allocation = *reserved->add_allocations();
      allocation.set_sku(lines[i].sku());
      allocation.set_location(location);
      allocation.set_quantity(static_cast<std::int32_t>(units));
      allocation.set_seen_on_hand(level.on_hand - before);
      allocation.set_seen_reserved(level.reserved + before);
    }
  }
  return reserved;
}

// Whether the allocations are what take() makes of the lines: line after line, each whole.
bool holds(const State& state, const Lines& lines) {
  auto allocation = state.allocations.begin();
  for (const v1::ReservationLine& line : lines) {
    std::int64_t missing = line.quantity();
    for (; missing > 0 && allocation != state.allocations.end() && allocation->sku == line.sku(); ++allocation)
      missing -= allocation->quantity;
    if (missing != 0) return false;
  }
  return allocation == state.allocations.end();
}

Decision<Event> reserve(const v1::ReserveStock& command, const State& state, const stock::Levels& levels, const Context& context) {
  if (state.status == Status::reserved && holds(state, command.lines())) return accepted();
  if (state.status != Status::none) return refused("ReserveStock", state);
  FieldErrors errors = check(command, context);
  if (!errors.empty()) return std::move(errors).rejection();

  LocationsOfLines locations;
  for (int i = 0; i < command.lines_size(); ++i) locations[i] = levels.find(command.lines(i).sku());
  if (const auto* rejected = find_shortfalls(command.lines(), locations, context)) return Events<Event>{rejected};
  return Events<Event>{take(command, locations, context)};
}

Decision<Event> commit(const State& state, const Context& context) {
  switch (state.status) {
    case Status::none:
      return no_reservation();
    case Status::committed:
    case Status::consumed:
      return accepted();
    case Status::rejected:
    case Status::released:
      return refused("CommitReservation", state);
    case Status::reserved:
      break;
  }
  if (context.now > state.expires_at)
    return Rejection{std::string(error::kReservationExpired), "the reservation expired before it was committed", {}};
  return Events<Event>{make<v1::ReservationCommitted>(context)};
}

// What was held, without the levels that were seen when it was taken: they say nothing about now.
template <class Happened>
Happened* with_allocations(const State& state, const Context& context) {
  auto* happened = make<Happened>(context);
  happened->mutable_allocations()->Reserve(static_cast<int>(state.allocations.size()));
  for (const Held& held : state.allocations) {
    v1::Allocation& allocation = *happened->add_allocations();
    allocation.set_sku(held.sku);
    allocation.set_location(held.location);
    allocation.set_quantity(held.quantity);
  }
  return happened;
}

Decision<Event> release(const v1::ReleaseStock& command, const State& state, const Context& context) {
  if (state.status == Status::consumed) return refused("ReleaseStock", state);
  if (state.status != Status::reserved && state.status != Status::committed) return accepted();
  auto* released = with_allocations<v1::StockReleased>(state, context);
  released->set_reason(made_text(command.reason(), kMaxText));
  return Events<Event>{released};
}

Decision<Event> consume(const State& state, const Context& context) {
  if (state.status == Status::none) return no_reservation();
  if (state.status == Status::consumed) return accepted();
  if (state.status != Status::committed) return refused("ConsumeReservation", state);
  return Events<Event>{with_allocations<v1::ReservationConsumed>(state, context)};
}

}  // namespace

std::string_view name(Status status) {
  constexpr std::string_view kNames[] = {"NONE", "REJECTED", "RESERVED", "COMMITTED", "RELEASED", "CONSUMED"};
  return kNames[static_cast<std::size_t>(status)];
}

std::span<const Status> allowed_next(Status status) {
  using enum Status;
  static constexpr Status kNone[] = {reserved, rejected};
  static constexpr Status kReserved[] = {committed, released};
  static constexpr Status kCommitted[] = {consumed, released};
  switch (status) {
    case none:
      return kNone;
    case reserved:
      return kReserved;
    case committed:
      return kCommitted;
    case rejected:
    case released:
    case consumed:
      return {};
  }
  return {};
}

Decision<Event> decide(const Command& command, const State& state, const stock::Levels& levels, const Context& context) {
  return std::visit(Overloaded{
                        [&](const v1::ReserveStock* c) { return reserve(*c, state, levels, context); },
                        [&](const v1::CommitReservation*) { return commit(state, context); },
                        [&](const v1::ReleaseStock* c) { return release(*c, state, context); },
                        [&](const v1::ConsumeReservation*) { return consume(state, context); },
                    },
                    command);
}

void evolve(State& state, const Event& event) {
  std::visit(Overloaded{
                 [&](const v1::StockReserved* e) {
                   state.status = Status::reserved;
                   state.allocations.reserve(static_cast<std::size_t>(e->allocations_size()));
                   for (const v1::Allocation& a : e->allocations()) state.allocations.push_back({a.sku(), a.location(), a.quantity()});
                   state.expires_at = from_proto(e->expires_at());
                 },
                 [&](const v1::StockReservationRejected* rejected) {
                   state.status = Status::rejected;
                   for (const v1::Shortfall& s : rejected->shortfalls())
                     state.shortfalls.push_back({s.sku(), s.requested(), s.available()});
                 },
                 [&](const v1::ReservationCommitted*) { state.status = Status::committed; },
                 [&](const v1::StockReleased*) {
                   state.status = Status::released;
                   state.allocations.clear();
                 },
                 [&](const v1::ReservationConsumed*) {
                   state.status = Status::consumed;
                   state.allocations.clear();
                 },
             },
             event);
}

}  // namespace ordersaga::aggregates::reservation
