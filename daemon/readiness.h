// Whether this process can do its work now.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ordersaga::daemon {

struct Problem {
  std::string part;
  std::string text;
};

// Any thread. It is not ready before started() was called.
class Readiness {
 public:
  using Check = std::function<std::optional<std::string>()>;

  // `check` is called from any thread until remove_checks(), must answer at once, and returns what is wrong.
  void add(std::string part, Check check);
  // The checks' subjects are about to go.
  void remove_checks();
  void started();
  void stopping();

  // Empty: ready.
  std::vector<Problem> problems() const;

 private:
  mutable std::mutex mutex_;
  std::string phase_ = "starting";
  std::vector<std::pair<std::string, Check>> checks_;
};

}  // namespace ordersaga::daemon
