#include "tools/verify/stock_fold.h"

#include "ordersaga/inventory/v1/events.pb.h"

namespace ordersaga::verify {

namespace v1 = ordersaga::inventory::v1;

std::vector<UnitsChange> stock_changes(const LogEntry& entry) {
  std::vector<UnitsChange> changes;
  // Each unit of an allocation adds `one` to its place.
  auto add = [&](const auto& allocations, Units one) {
    for (const v1::Allocation& a : allocations) {
      std::int64_t n = a.quantity();
      changes.push_back({{a.sku(), a.location()}, {one.on_hand * n, one.reserved * n, one.shipped * n, 0}});
    }
  };
  if (const auto* received = entry.as<v1::StockReceived>()) {
    std::int64_t n = received->quantity();
    changes.push_back({{received->sku(), received->location()}, {.on_hand = n, .received = n}});
  } else if (const auto* reserved = entry.as<v1::StockReserved>()) {
    add(reserved->allocations(), {.on_hand = -1, .reserved = 1});
  } else if (const auto* released = entry.as<v1::StockReleased>()) {
    add(released->allocations(), {.on_hand = 1, .reserved = -1});
  } else if (const auto* consumed = entry.as<v1::ReservationConsumed>()) {
    add(consumed->allocations(), {.reserved = -1, .shipped = 1});
  }
  return changes;
}

}  // namespace ordersaga::verify
