#include "runtime/shutdown.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <system_error>

#include "runtime/log.h"

namespace ordersaga::runtime {
namespace {

// One Ctrl-C or one 'timeout' may reach a process twice, by itself and through its group; that is no second wish.
constexpr std::chrono::milliseconds kSameSignal{300};

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

int check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

std::optional<int> read_signal(int fd) {
  signalfd_siginfo info{};
  if (::read(fd, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace

Shutdown::Shutdown(std::chrono::milliseconds grace) {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = stop_signals();
  if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
    throw std::system_error(error, std::generic_category(), "pthread_sigmask");
  signals_ = check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
  wake_ = check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  watcher_ = std::thread([this, grace] { watch(grace); });
}

Shutdown::~Shutdown() {
  ending_ = true;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the watcher is awake anyway.
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  watcher_.join();
  ::close(signals_);
  ::close(wake_);
}

void Shutdown::request() {
  source_.request_stop();
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void Shutdown::watch(std::chrono::milliseconds grace) {
  using Steady = std::chrono::steady_clock;
  log::name_thread("shutdown");
  std::optional<Steady::time_point> deadline;
  std::optional<Steady::time_point> first_signal;
  while (!ending_) {
    int timeout = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Steady::now()).count();
      if (left <= 0) {
        log::error("did not end in time after the stop was requested: ending at once", {{"grace_ms", grace.count()}});
        ::_exit(1);
      }
      timeout = static_cast<int>(left);
    }
    std::array<pollfd, 2> fds{{{signals_, POLLIN, 0}, {wake_, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR) {
      log::error("cannot wait for signals", {{"error", std::generic_category().message(errno)}});
      ::_exit(1);
    }
    std::uint64_t count = 0;
    [[maybe_unused]] const auto drained = ::read(wake_, &count, sizeof count);
    while (const auto signal = read_signal(signals_)) {
      if (first_signal) {
        if (Steady::now() - *first_signal < kSameSignal) continue;
        log::warn("second signal: ending at once", {{"signal", *signal}});
        ::_exit(128 + *signal);
      }
      first_signal = Steady::now();
      if (deadline) continue;
      log::info("stopping", {{"signal", *signal}});
      deadline = Steady::now() + grace;
      source_.request_stop();
    }
    if (!deadline && source_.stop_requested()) deadline = Steady::now() + grace;
  }
}

bool sleep_unless_stopped(const std::stop_token& stop, std::chrono::milliseconds duration) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  return changed.wait_for(lock, stop, duration, [&] { return stop.stop_requested(); });
}

}  // namespace ordersaga::runtime
