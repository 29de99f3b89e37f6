// Enumerators in read models: upper-case words without the enumeration's prefix.
#pragma once

#include <string>
#include <string_view>

namespace ordersaga::projections {

// `name` as Protobuf gives it: empty for a value that this program does not know, which stands as its number.
inline std::string enum_word(std::string_view name, std::string_view prefix, int value) {
  if (name.empty()) return std::to_string(value);
  return std::string(name.substr(prefix.size()));
}

}  // namespace ordersaga::projections
