// How long to wait before trying again: exponential, with full jitter.
#pragma once

#include <chrono>

#include "runtime/clock.h"

namespace ordersaga::runtime {

// The n-th delay is uniform in [floor, min(cap, first·2^n)]: jitter keeps many waiters from trying in step.
class Backoff {
 public:
  // `random` outlives this. REQUIRES: 0 < floor ≤ first ≤ cap.
  Backoff(Random& random, std::chrono::milliseconds floor, std::chrono::milliseconds first, std::chrono::milliseconds cap);

  std::chrono::milliseconds next();
  void reset() { ceiling_ = first_; }

 private:
  Random& random_;
  std::chrono::milliseconds floor_;
  std::chrono::milliseconds first_;
  std::chrono::milliseconds cap_;
  std::chrono::milliseconds ceiling_;
};

}  // namespace ordersaga::runtime
