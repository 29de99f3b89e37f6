// A part of the daemon that works on a thread of its own until it is told to stop.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "runtime/shutdown.h"

namespace ordersaga::daemon {

class Role {
 public:
  virtual ~Role() = default;
  // Of static storage.
  virtual std::string_view name() const = 0;
  // Works until the stop is requested; then finishes what it has begun, and returns. Other ends are exceptions, and end
  // the process. Called once, on the role's thread.
  virtual void run(std::stop_token stop) = 0;
  // Why it cannot do its work now; nullopt when it can. Any thread.
  virtual std::optional<std::string> problem() const { return std::nullopt; }
};

// Runs the roles until the stop is requested, or until one of them fails or ends by itself, which stops the others.
// Returns the process' exit code: 0 when all of them ended because they were told to, else 1.
int run_roles(std::span<const std::unique_ptr<Role>> roles, runtime::Shutdown& shutdown);

}  // namespace ordersaga::daemon
