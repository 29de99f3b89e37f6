#include "aggregates/stock/levels.h"

#include <algorithm>

namespace ordersaga::aggregates::stock {
namespace {

template <class Pairs>
auto position_of(Pairs& levels, std::string_view location) {
  return std::lower_bound(levels.begin(), levels.end(), location,
                          [](const auto& pair, std::string_view name) { return pair.first < name; });
}

}  // namespace

const Level* Locations::find(std::string_view location) const {
  auto it = position_of(levels_, location);
  return it != levels_.end() && it->first == location ? &it->second : nullptr;
}

Level& Locations::operator[](std::string_view location) {
  auto it = position_of(levels_, location);
  if (it == levels_.end() || it->first != location) it = levels_.emplace(it, location, Level{});
  return it->second;
}

const Locations* Levels::find(std::string_view sku) const {
  auto it = by_sku_.find(sku);
  return it == by_sku_.end() ? nullptr : &it->second;
}

Locations& Levels::operator[](std::string_view sku) {
  auto it = by_sku_.find(sku);
  if (it == by_sku_.end()) it = by_sku_.emplace(sku, Locations{}).first;
  return it->second;
}

const Level& Levels::add(const Delta& delta) {
  Level& level = (*this)[delta.sku][delta.location];
  level.on_hand += delta.on_hand;
  level.reserved += delta.reserved;
  return level;
}

void Levels::erase(std::string_view sku) {
  auto it = by_sku_.find(sku);
  if (it != by_sku_.end()) by_sku_.erase(it);
}

}  // namespace ordersaga::aggregates::stock
