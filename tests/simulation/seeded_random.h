// The one source of randomness of a simulation: the same seed gives the same numbers on every machine.
#pragma once

#include <chrono>
#include <cstdint>

#include "runtime/clock.h"

namespace ordersaga::simulation {

// SplitMix64 (Steele, Lea, Flood 2014).
class SeededRandom final : public runtime::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // 0 … n - 1. REQUIRES: n > 0.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  double fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double p) { return fraction() < p; }
  // In [from, to].
  std::chrono::microseconds between(std::chrono::microseconds from, std::chrono::microseconds to) {
    return from + std::chrono::microseconds(static_cast<std::int64_t>(next() % static_cast<std::uint64_t>((to - from).count() + 1)));
  }

 private:
  std::uint64_t state_;
};

}  // namespace ordersaga::simulation
