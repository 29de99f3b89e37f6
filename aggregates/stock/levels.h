// Stock levels as decisions see them: free and reserved units of a SKU at each location.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ordersaga::aggregates::stock {

// on_hand: units that nobody has reserved. reserved: units promised to open reservations. Both ≥ 0; their sum is what
// lies in the building.
struct Level {
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  bool operator==(const Level&) const = default;
};

// Levels by SKU and then location (in the order in which locations are drawn on: ascending by name).
// A SKU that exists has at least one location.
using Locations = std::map<std::string, Level, std::less<>>;

class Levels {
 public:
  // Null when the SKU does not exist (or was not loaded: a turn loads the SKUs that its inputs name).
  const Locations* find(std::string_view sku) const;
  Locations& operator[](std::string_view sku);
  void erase(std::string_view sku);
  void clear() { by_sku_.clear(); }
  std::size_t size() const { return by_sku_.size(); }
  auto begin() const { return by_sku_.begin(); }
  auto end() const { return by_sku_.end(); }

 private:
  std::map<std::string, Locations, std::less<>> by_sku_;
};

// A change of one level. What events mean for levels is in deltas().
struct Delta {
  std::string sku;
  std::string location;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
};

}  // namespace ordersaga::aggregates::stock
