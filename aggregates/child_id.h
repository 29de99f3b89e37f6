// Ids of what an order may have several of: <order id>.<n>, n from 1.
#pragma once

#include <string_view>

namespace ordersaga::aggregates {

constexpr bool is_child_id(std::string_view id, std::string_view order_id) {
  if (id.size() <= order_id.size() + 1 || !id.starts_with(order_id) || id[order_id.size()] != '.') return false;
  std::string_view number = id.substr(order_id.size() + 1);
  if (number.size() > 4 || number[0] == '0') return false;
  for (char c : number)
    if (c < '0' || c > '9') return false;
  return true;
}

}  // namespace ordersaga::aggregates
