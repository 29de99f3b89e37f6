// A queue that many threads fill and one empties.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace ordersaga::consumers {

template <class T>
class Mailbox {
 public:
  void post(T item) {
    {
      std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    filled_.notify_one();
  }

  // Everything that is there, oldest first; never waits.
  std::vector<T> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(items_, {});
  }

  // Waits until there is something, but no longer than `timeout`.
  void wait(std::chrono::microseconds timeout) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, timeout, [this] { return !items_.empty() || nudged_; });
    nudged_ = false;
  }

  // Ends a wait although nothing has come.
  void nudge() {
    {
      std::lock_guard lock(mutex_);
      nudged_ = true;
    }
    filled_.notify_one();
  }

  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<T> items_;
  bool nudged_ = false;
};

}  // namespace ordersaga::consumers
