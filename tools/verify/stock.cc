#include "tools/verify/stock.h"

#include <fmt/format.h>

#include "ordersaga/inventory/v1/events.pb.h"

namespace ordersaga::verify {

namespace v1 = ordersaga::inventory::v1;

namespace {

std::string name_of(const Place& place) {
  return fmt::format("SKU {} at {}", place.first, place.second);
}

std::string print(const std::map<Place, std::int64_t>& held) {
  std::string out;
  for (const auto& [place, units] : held) out += fmt::format("{}{} {}@{}", out.empty() ? "" : ", ", units, place.first, place.second);
  return out.empty() ? "nothing" : out;
}

template <class Allocations>
std::map<Place, std::int64_t> sum(const Allocations& allocations) {
  std::map<Place, std::int64_t> sums;
  for (const v1::Allocation& a : allocations) sums[{a.sku(), a.location()}] += a.quantity();
  return sums;
}

}  // namespace

void StockChecker::begin(const ShardSnapshot&) {
  held_.clear();
}

void StockChecker::see(const LogEntry& entry) {
  auto shard = static_cast<std::size_t>(entry.record.shard.value);
  if (shard >= table_.as_of.size() || entry.record.position > table_.as_of[shard]) return;
  for (const UnitsChange& change : stock_changes(entry)) {
    Units& units = folded_[change.place];
    units.on_hand += change.by.on_hand;
    units.reserved += change.by.reserved;
    units.shipped += change.by.shipped;
    units.received += change.by.received;
  }
  if (entry.stream.kind == StreamKind::reservation) see_reservation(entry);
}

void StockChecker::see_reservation(const LogEntry& entry) {
  Held& held = held_[std::string(entry.stream.key)];
  auto give_back = [&](const auto& allocations) {
    Held given = sum(allocations);
    if (given != held)
      findings_.add({"I7", fmt::format("reservation of order {} at {}", entry.stream.key, entry.place()),
                     fmt::format("gives up what it holds: {}", print(held)), print(given)});
    held.clear();
  };
  if (const auto* reserved = entry.as<v1::StockReserved>()) {
    if (!held.empty())
      findings_.add({"I7", fmt::format("reservation of order {} at {}", entry.stream.key, entry.place()), "one reservation for an order",
                     fmt::format("a second one, while it holds {}", print(held))});
    held = sum(reserved->allocations());
    for (const v1::Allocation& a : reserved->allocations())
      if (a.quantity() <= 0 || a.seen_on_hand() < a.quantity())
        findings_.add({"I7", fmt::format("reservation of order {} at {}", entry.stream.key, entry.place()),
                       fmt::format("at most the {} units of {} that it saw at {}", a.seen_on_hand(), a.sku(), a.location()),
                       fmt::format("{}", a.quantity())});
  } else if (const auto* released = entry.as<v1::StockReleased>()) {
    give_back(released->allocations());
  } else if (const auto* consumed = entry.as<v1::ReservationConsumed>()) {
    give_back(consumed->allocations());
  }
}

void StockChecker::end(const ShardSnapshot& snapshot) {
  auto shard = static_cast<std::size_t>(snapshot.shard.value);
  if (shard >= table_.as_of.size() || snapshot.head < table_.as_of[shard])
    findings_.add({"I7", fmt::format("shard {}", snapshot.shard.value), "a log that reaches to where the levels were seen",
                   fmt::format("head {}", snapshot.head.value)});
  for (const auto& [order, held] : held_)
    for (const auto& [place, units] : held) open_[place] += units;
}

void StockChecker::finish() {
  std::map<Place, Units> rows;
  for (const events::StockLevel& level : table_.levels) {
    rows[{level.sku, level.location}] = {.on_hand = level.on_hand, .reserved = level.reserved};
    folded_.try_emplace({level.sku, level.location});
  }
  for (const auto& [place, units] : folded_) {
    const Units& row = rows[place];
    if (row.on_hand != units.on_hand || row.reserved != units.reserved)
      findings_.add({"I7", name_of(place), fmt::format("level {} on hand, {} reserved, as the log says", units.on_hand, units.reserved),
                     fmt::format("{} on hand, {} reserved", row.on_hand, row.reserved)});
    if (units.on_hand < 0 || units.reserved < 0 || row.on_hand < 0 || row.reserved < 0)
      findings_.add(
          {"I7", name_of(place), "nothing negative", fmt::format("{} on hand, {} reserved in the log", units.on_hand, units.reserved)});
    if (units.on_hand + units.reserved + units.shipped != units.received)
      findings_.add({"I7", name_of(place), fmt::format("on_hand + reserved + shipped = the {} received", units.received),
                     fmt::format("{} + {} + {}", units.on_hand, units.reserved, units.shipped)});
    if (open_[place] != units.reserved)
      findings_.add(
          {"I7", name_of(place), fmt::format("{} reserved, as open reservations hold", open_[place]), fmt::format("{}", units.reserved)});
  }
}

}  // namespace ordersaga::verify
