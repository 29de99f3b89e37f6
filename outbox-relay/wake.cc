#include "outbox-relay/wake.h"

#include <utility>

namespace ordersaga::relay {

void Wake::notify() {
  {
    const std::lock_guard lock(mutex_);
    if (notified_) return;
    notified_ = true;
  }
  woken_.notify_one();
}

bool Wake::wait(std::stop_token stop, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, std::move(stop), timeout, [this] { return notified_; });
  return std::exchange(notified_, false);
}

}  // namespace ordersaga::relay
