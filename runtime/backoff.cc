#include "runtime/backoff.h"

#include <algorithm>
#include <cassert>

namespace ordersaga::runtime {

Backoff::Backoff(Random& random, std::chrono::milliseconds floor, std::chrono::milliseconds first, std::chrono::milliseconds cap)
    : random_(random), floor_(floor), first_(first), cap_(cap), ceiling_(first) {
  assert(floor.count() > 0 && floor <= first && first <= cap);
}

std::chrono::milliseconds Backoff::next() {
  const auto span = static_cast<std::uint64_t>((ceiling_ - floor_).count()) + 1;
  const auto delay = floor_ + std::chrono::milliseconds(random_.next() % span);
  ceiling_ = std::min(cap_, ceiling_ * 2);
  return delay;
}

}  // namespace ordersaga::runtime
