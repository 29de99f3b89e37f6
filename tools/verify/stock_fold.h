// Stock folded from the log's events by itself, apart from the code that decides with levels.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ordersaga/inventory/v1/types.pb.h"
#include "tools/verify/checker.h"

namespace ordersaga::verify {

using Place = std::pair<std::string, std::string>;  // SKU, location

struct Units {
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  std::int64_t shipped = 0;
  std::int64_t received = 0;
  bool operator==(const Units&) const = default;
};

// What an event of the log does to one place.
struct UnitsChange {
  Place place;
  Units by;
};

// Empty for events that do nothing to stock.
std::vector<UnitsChange> stock_changes(const LogEntry& entry);

}  // namespace ordersaga::verify
