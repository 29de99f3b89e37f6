// A writer of the log in a process of its own, which can be stopped at any instruction.
//
// It decides one command, "the command", in shard 0 and says on a pipe how that went; when it is told to, it begins again
// with the same command, as a lane does.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>
#include <utility>

#include "events/errors.h"
#include "events/event_store.h"
#include "tests/support/process.h"

namespace ordersaga::events {

inline const InboxKey kTheCommand{Shard(0), "key", "the-command"};

inline TurnWrite the_command() {
  TurnWrite turn;
  turn.records = {{Shard(0), "", Version(0), TypeNumber(601), "the command", "m"}};
  turn.inbox = {{kTheCommand, "hash", 0, "commands/0/1"}};
  return turn;
}

// Decides the command as a lane does: under the lock, first in the inbox. `before_write` runs in the open turn.
inline std::string decide_the_command(EventStore& store, const std::function<void(TurnTransaction&)>& before_write = {},
                                      const TurnWrite& what = the_command()) {
  try {
    auto turn = store.begin(std::vector{Shard(0)});
    if (!turn->find_inbox(std::vector{kTheCommand}).empty()) return "known";
    if (before_write) before_write(*turn);
    Timestamp now = std::max(turn->clock(), turn->heads()[0].recorded_at);
    if (!std::holds_alternative<Written>(turn->write(what, now))) return "refused";
    turn->commit();
    return "applied";
  } catch (const CommitInDoubt&) {
    return "in doubt";
  } catch (const ShardBusy&) {
    return "busy";
  } catch (const StoreUnavailable&) {
    return "unavailable";
  }
}

class WriterProcess {
 public:
  // What the process says and hears.
  class Ends {
   public:
    Ends(int in, int out) : in_(in), out_(out) {}
    void say(const std::string& line) const {
      std::string text = line + "\n";
      if (write(out_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(3);
    }
    void wait_for_go() const {
      char c;
      if (read(in_, &c, 1) != 1) _exit(0);  // the test is over
    }

   private:
    int in_, out_;
  };

  // `body` runs in the new process, which ends with it. REQUIRES: this process is as good as single-threaded.
  explicit WriterProcess(const std::function<void(const Ends&)>& body) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      close(to[1]);
      close(from[0]);
      Ends ends(to[0], from[1]);
      try {
        body(ends);
      } catch (const std::exception& e) {
        ends.say(std::string("threw ") + e.what());
      }
      _exit(0);
    }
    close(to[0]);
    close(from[1]);
    to_ = to[1];
    from_ = from[0];
  }
  ~WriterProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(to_);
    close(from_);
  }
  WriterProcess(const WriterProcess&) = delete;
  WriterProcess& operator=(const WriterProcess&) = delete;

  // The next line that it says, within 20 s; else what went wrong.
  std::string hear() {
    for (;;) {
      if (std::size_t end = heard_.find('\n'); end != std::string::npos) {
        std::string line = heard_.substr(0, end);
        heard_.erase(0, end + 1);
        return line;
      }
      pollfd ready{from_, POLLIN, 0};
      if (poll(&ready, 1, 20'000) != 1) return "(says nothing)";
      char buffer[512];
      ssize_t got = read(from_, buffer, sizeof buffer);
      if (got <= 0) return "(has ended)";
      heard_.append(buffer, static_cast<std::size_t>(got));
    }
  }
  void go() const { ASSERT_EQ(write(to_, "g", 1), 1); }
  // Returns when it has stopped.
  void stop() const {
    kill(pid_, SIGSTOP);
    ASSERT_TRUE(support::eventually(std::chrono::seconds(20), [&] { return state() == 'T'; }));
  }
  void wake() const { kill(pid_, SIGCONT); }

 private:
  char state() const {
    std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    std::size_t name_end = text.rfind(") ");
    return name_end == std::string::npos ? '?' : text[name_end + 2];
  }

  pid_t pid_;
  int to_, from_;
  std::string heard_;
};

}  // namespace ordersaga::events
