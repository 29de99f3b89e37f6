#include <array>

#include "sagas/definition.h"
#include "sagas/fulfil_order/fulfil_order.h"
#include "sagas/place_order/place_order.h"

namespace ordersaga::sagas {
namespace {

// THE table of sagas. Append; never reorder.
const std::array<const Definition*, 2> kAll = {&kPlaceOrder, &kFulfilOrder};

}  // namespace

std::span<const Definition* const> definitions() {
  return kAll;
}

const Definition& definition(int index) {
  return *kAll.at(static_cast<std::size_t>(index));
}

std::optional<int> find_definition(std::string_view name) {
  for (std::size_t i = 0; i < kAll.size(); ++i)
    if (kAll[i]->name == name) return static_cast<int>(i);
  return std::nullopt;
}

}  // namespace ordersaga::sagas
