// A hash of a call's parameters, by which the simulators tell a repetition from another call with the same key.
#pragma once

#include <cstdint>
#include <string_view>

namespace ordersaga::simulators {

// FNV-1a over the parts and their lengths. Never 0.
class Fingerprint {
 public:
  Fingerprint& add(std::string_view part) {
    for (char c : part) mix(static_cast<unsigned char>(c));
    // The length ends the part, so that ("ab", "c") and ("a", "bc") differ.
    for (std::size_t n = part.size(), i = 0; i < 4; ++i, n >>= 8) mix(static_cast<unsigned char>(n));
    return *this;
  }
  std::uint64_t value() const { return hash_ == 0 ? 1 : hash_; }

 private:
  void mix(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3ULL; }
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace ordersaga::simulators
