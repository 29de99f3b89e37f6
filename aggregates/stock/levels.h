// Stock levels as decisions see them: free and reserved units of a SKU at each location.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregates/string_map.h"

namespace ordersaga::aggregates::stock {

// on_hand: units that nobody has reserved. reserved: units promised to open reservations. Both ≥ 0; their sum is what
// lies in the building.
struct Level {
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  bool operator==(const Level&) const = default;
};

// The levels of one SKU, ascending by location: the order in which locations are drawn on. There are few of them, so a
// sorted array. Iterates over pairs (location, level).
class Locations {
 public:
  const Level* find(std::string_view location) const;
  // Adds a level of zero when the location is new.
  Level& operator[](std::string_view location);
  std::size_t size() const { return levels_.size(); }
  auto begin() const { return levels_.begin(); }
  auto end() const { return levels_.end(); }

 private:
  std::vector<std::pair<std::string, Level>> levels_;
};

// A change of one level. What events mean for levels is in deltas() of stock_item.h. The names are views of who made it.
struct Delta {
  std::string_view sku;
  std::string_view location;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  bool operator==(const Delta&) const = default;
};

// Levels by SKU. A SKU that exists has at least one location. Iterates over pairs (sku, locations), in no given order.
// References to the locations of a SKU stay valid until it is erased.
class Levels {
 public:
  // Null when the SKU does not exist (or was not loaded: a turn loads the SKUs that its inputs name).
  const Locations* find(std::string_view sku) const;
  Locations& operator[](std::string_view sku);
  // Adds the change, making the SKU and the location when they are new. Returns the level as it is now; it is for the
  // caller to object to one below zero.
  const Level& add(const Delta& delta);
  void erase(std::string_view sku);
  void clear() { by_sku_.clear(); }
  std::size_t size() const { return by_sku_.size(); }
  auto begin() const { return by_sku_.begin(); }
  auto end() const { return by_sku_.end(); }

 private:
  StringMap<Locations> by_sku_;
};

}  // namespace ordersaga::aggregates::stock
