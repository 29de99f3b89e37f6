// Where the relay rests: woken when the log grew, by whoever committed in the same process, and when deliveries are there.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace ordersaga::relay {

// Any number of threads notify; one waits.
class Wake {
 public:
  // Neither blocks for long.
  void notify();  // the log grew
  void nudge();
  // Returns at once when there was one of these since the last wait ended; else after the first, the timeout or the stop.
  // True: the log grew.
  bool wait(std::stop_token stop, std::chrono::microseconds timeout);

 private:
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool log_grew_ = false;
  bool nudged_ = false;
};

}  // namespace ordersaga::relay
