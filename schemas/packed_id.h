// Ids as text, and as the few bytes that records keep of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ordersaga/common/v1/id.pb.h"

namespace ordersaga {

// The 16 bytes of a UUID in canonical text form. False: it is no such text.
constexpr bool parse_uuid(std::string_view text, std::uint64_t& high, std::uint64_t& low) {
  if (text.size() != 36) return false;
  std::uint64_t halves[2] = {0, 0};
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
      continue;
    }
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return false;
    std::uint64_t& half = halves[digits++ / 16];
    half = half << 4 | static_cast<std::uint64_t>(digit);
  }
  high = halves[0];
  low = halves[1];
  return true;
}

inline std::string uuid_text(std::uint64_t high, std::uint64_t low) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text(36, '-');
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) continue;
    std::uint64_t half = digits < 16 ? high : low;
    text[i] = kHex[half >> (60 - 4 * (digits++ % 16)) & 15];
  }
  return text;
}

inline void pack_id(std::string_view text, common::v1::Id& into) {
  std::uint64_t high = 0, low = 0;
  into.Clear();
  if (parse_uuid(text, high, low) && (high != 0 || low != 0)) {
    into.set_uuid_high(high);
    into.set_uuid_low(low);
  } else {
    into.set_text(std::string(text));
  }
}

inline std::string id_text(const common::v1::Id& id) {
  return id.uuid_high() != 0 || id.uuid_low() != 0 ? uuid_text(id.uuid_high(), id.uuid_low()) : id.text();
}

}  // namespace ordersaga
