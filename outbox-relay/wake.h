// Wakes the relay when the log grew, from whoever committed in the same process.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace ordersaga::relay {

// Any number of threads notify; one waits.
class Wake {
 public:
  // Never blocks for long.
  void notify();
  // Returns at once when there was a notify() since the last wait ended; else after the first, the timeout or the stop.
  // True: it was notified.
  bool wait(std::stop_token stop, std::chrono::milliseconds timeout);

 private:
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool notified_ = false;
};

}  // namespace ordersaga::relay
