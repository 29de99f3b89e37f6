// Randomness of the operating system, for the edge of a process; everything inside takes a Random.
#pragma once

#include <random>

#include "runtime/clock.h"

namespace ordersaga::runtime {

// Seeded once from the system. One thread at a time.
class SystemRandom final : public Random {
 public:
  SystemRandom() : engine_(seed()) {}
  std::uint64_t next() override { return engine_(); }

 private:
  static std::uint64_t seed() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) | device();
  }
  std::mt19937_64 engine_;
};

}  // namespace ordersaga::runtime
