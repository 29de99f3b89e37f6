// SIGTERM and SIGINT as a stop token.
#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

namespace ordersaga::runtime {

// The first signal requests the stop; a second one some time later, or `grace` without the end of the process, ends it at once (exit
// code 128 + signal, or 1). SIGPIPE is ignored.
// REQUIRES: one at a time, made by the main thread before any other thread exists, since it blocks the signals in the
// threads made after it.
class Shutdown {
 public:
  explicit Shutdown(std::chrono::milliseconds grace);
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  // As the first signal does; any thread.
  void request();

 private:
  void watch(std::chrono::milliseconds grace);

  std::stop_source source_;
  int signals_ = -1;  // signalfd
  int wake_ = -1;     // eventfd: request() and the destructor
  std::atomic<bool> ending_ = false;
  std::thread watcher_;
};

// Sleeps for `duration`, or until the stop is requested. True: it was requested.
bool sleep_unless_stopped(const std::stop_token& stop, std::chrono::milliseconds duration);

}  // namespace ordersaga::runtime
