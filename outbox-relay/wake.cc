#include "outbox-relay/wake.h"

#include <utility>

namespace ordersaga::relay {

void Wake::notify() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(log_grew_, true)) return;
  }
  woken_.notify_one();
}

void Wake::nudge() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(nudged_, true)) return;
  }
  woken_.notify_one();
}

bool Wake::wait(std::stop_token stop, std::chrono::microseconds timeout) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, std::move(stop), timeout, [this] { return log_grew_ || nudged_; });
  nudged_ = false;
  return std::exchange(log_grew_, false);
}

}  // namespace ordersaga::relay
