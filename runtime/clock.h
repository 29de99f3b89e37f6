// Time and randomness as inputs of the shells.
#pragma once

#include <chrono>
#include <cstdint>

namespace ordersaga::runtime {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;                      // may jump
  virtual std::chrono::microseconds steady() const = 0;  // never falls; only differences mean something
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }
  std::chrono::microseconds steady() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
  }
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

}  // namespace ordersaga::runtime
