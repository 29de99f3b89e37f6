// A map by text that is looked into with a view, so that no key is copied to ask for it. Its order decides nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ordersaga::aggregates {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

template <class T>
using StringMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

}  // namespace ordersaga::aggregates
