// Child processes of a test: the real programs, waited for by what they say and do, never by a blind sleep.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ordersaga::support {

// A running program. Its stdout and stderr are collected together, line by line. It is killed when this object, or the
// thread that made it, ends. One thread uses it at a time.
class Process {
 public:
  // `environment` is added to the test's own. Throws std::system_error when the program cannot be started.
  Process(std::string program, std::vector<std::string> arguments, std::map<std::string, std::string> environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The first line, among all since the start, that holds `text`. nullopt: not within the timeout, or the program ended
  // without it.
  std::optional<std::string> wait_for_line(const std::string& text, std::chrono::milliseconds timeout);
  // Exit code, or 128 + the signal that ended it. nullopt: it still runs.
  std::optional<int> wait_for_end(std::chrono::milliseconds timeout);

  void terminate() { signal(15); }
  // Ends it at once and waits for that.
  void kill();
  void signal(int number);

  pid_t pid() const { return pid_; }
  // All lines until now.
  std::string output() const;

 private:
  void collect(int pipe);

  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  bool closed_ = false;  // its output has ended
  std::thread collector_;
};

// Whether `condition` becomes true within the timeout; it is asked again and again.
bool eventually(std::chrono::milliseconds timeout, const std::function<bool()>& condition);

// A TCP port of 127.0.0.1 that nobody listens on now.
std::uint16_t free_port();
// Whether somebody listens on the port within the timeout.
bool wait_for_port(std::uint16_t port, std::chrono::milliseconds timeout);

// The program of ours of that name, in the folder ORDERSAGA_BIN_DIR.
std::string our_program(const std::string& name);
// Value of an environment variable that the test needs; throws std::runtime_error that names it.
std::string required_environment(const std::string& name);

}  // namespace ordersaga::support
