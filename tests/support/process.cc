#include "tests/support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace ordersaga::support {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds kPollInterval{10};

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Socket {
  Socket() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd < 0) fail("socket");
  }
  ~Socket() { ::close(fd); }
  int fd;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

}  // namespace

Process::Process(std::string program, std::vector<std::string> arguments, std::map<std::string, std::string> environment) {
  if (::access(program.c_str(), X_OK) != 0) fail(program);
  std::array<int, 2> output{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0) fail("pipe2");
  // All memory is got before fork(): the child of a program with threads may only make system calls.
  arguments.insert(arguments.begin(), program);
  std::vector<std::string> variables = merged_environment(environment);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(variables);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(output[1], STDOUT_FILENO);
    ::dup2(output[1], STDERR_FILENO);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(output[1]);
  collector_ = std::thread([this, pipe = output[0]] { collect(pipe); });
}

Process::~Process() {
  kill();
  collector_.join();
}

void Process::collect(int pipe) {
  std::string rest;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(pipe, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    rest.append(buffer.data(), static_cast<std::size_t>(count));
    const std::lock_guard lock(mutex_);
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      lines_.push_back(rest.substr(0, end));
      rest.erase(0, end + 1);
    }
    changed_.notify_all();
  }
  ::close(pipe);
  const std::lock_guard lock(mutex_);
  if (!rest.empty()) lines_.push_back(rest);
  closed_ = true;
  changed_.notify_all();
}

std::optional<std::string> Process::wait_for_line(const std::string& text, milliseconds timeout) {
  const auto deadline = Steady::now() + timeout;
  std::size_t seen = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    for (; seen < lines_.size(); ++seen)
      if (lines_[seen].find(text) != std::string::npos) return lines_[seen];
    if (closed_) return std::nullopt;
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout && seen == lines_.size()) return std::nullopt;
  }
}

std::optional<int> Process::wait_for_end(milliseconds timeout) {
  eventually(timeout, [this] {
    int status = 0;
    if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return exit_code_.has_value();
  });
  if (exit_code_) {
    // What it said last is then in output().
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(5), [this] { return closed_; });
  }
  return exit_code_;
}

void Process::signal(int number) {
  if (!exit_code_ && ::kill(pid_, number) != 0) fail("kill");
}

void Process::kill() {
  if (exit_code_) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_code_ = 128 + SIGKILL;
}

std::string Process::output() const {
  const std::lock_guard lock(mutex_);
  std::string all;
  for (const std::string& line : lines_) all += line + "\n";
  return all;
}

bool eventually(milliseconds timeout, const std::function<bool()>& condition) {
  const auto deadline = Steady::now() + timeout;
  while (!condition()) {
    if (Steady::now() >= deadline) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

std::uint16_t free_port() {
  const Socket socket;
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket.fd, reinterpret_cast<sockaddr*>(&address), size) != 0) fail("bind");
  if (::getsockname(socket.fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

bool wait_for_port(std::uint16_t port, milliseconds timeout) {
  return eventually(timeout, [port] {
    const Socket socket;
    const sockaddr_in address = loopback(port);
    return ::connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  });
}

std::string our_program(const std::string& name) {
  const std::filesystem::path program = std::filesystem::path(required_environment("ORDERSAGA_BIN_DIR")) / name;
  if (!std::filesystem::exists(program)) throw std::runtime_error(program.string() + " is not built");
  return program;
}

std::string required_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') throw std::runtime_error("set " + name + " (tools/test does)");
  return value;
}

}  // namespace ordersaga::support
