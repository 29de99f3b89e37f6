#include "aggregates/text.h"

#include <cstdint>
#include <cstring>

namespace ordersaga::aggregates {
namespace {

// Length of the well-formed character at `i` (RFC 3629: no overlong forms, no surrogates); 0 when there is none or it is NUL.
std::size_t character_at(std::string_view bytes, std::size_t i) {
  auto byte = [&](std::size_t offset) { return static_cast<unsigned char>(bytes[i + offset]); };
  unsigned char first = byte(0);
  if (first < 0x80) return first == 0 ? 0 : 1;

  std::size_t length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (length == 0 || i + length > bytes.size()) return 0;
  for (std::size_t k = 1; k < length; ++k)
    if ((byte(k) & 0xc0) != 0x80) return 0;
  unsigned char second = byte(1);
  if (first == 0xe0 && second < 0xa0) return 0;
  if (first == 0xed && second > 0x9f) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  return length;
}

// Length of a prefix that is ASCII without NUL, eight characters at a time: nearly all text is nothing else.
std::size_t ascii_prefix(std::string_view bytes) {
  constexpr std::uint64_t kHigh = 0x8080808080808080U, kOnes = 0x0101010101010101U;
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= bytes.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + i, sizeof(eight));
    // Below 0x80, taking one away sets a high bit exactly where there was a zero.
    if (((eight | (eight - kOnes)) & kHigh) != 0) break;
  }
  return i;
}

}  // namespace

bool is_text(std::string_view bytes) {
  for (std::size_t i = ascii_prefix(bytes); i < bytes.size();) {
    std::size_t length = character_at(bytes, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string made_text(std::string_view bytes, std::size_t max) {
  if (bytes.size() <= max && is_text(bytes)) return std::string(bytes);
  std::string text;
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t length = character_at(bytes, i);
    std::string_view character = length == 0 ? std::string_view("?") : bytes.substr(i, length);
    if (text.size() + character.size() > max) break;
    text += character;
    i += length == 0 ? 1 : length;
  }
  return text;
}

}  // namespace ordersaga::aggregates
