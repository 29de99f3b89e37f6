#include "daemon/role.h"

#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "runtime/log.h"

namespace ordersaga::daemon {
namespace {

namespace log = runtime::log;

// False: it failed.
bool run_role(Role& role, const std::stop_token& stop) {
  log::name_thread(role.name());
  try {
    log::info("role started");
    role.run(stop);
    if (stop.stop_requested()) {
      log::info("role stopped");
      return true;
    }
    log::error("role ended by itself: stopping the process");
  } catch (const std::exception& failure) {
    log::error("role failed: stopping the process", {{"error", failure.what()}});
  }
  return false;
}

}  // namespace

int run_roles(std::span<const std::unique_ptr<Role>> roles, runtime::Shutdown& shutdown) {
  std::atomic<bool> failed = false;
  {
    std::vector<std::jthread> threads;
    for (const auto& role : roles) {
      threads.emplace_back([&role = *role, &failed, &shutdown] {
        if (run_role(role, shutdown.token())) return;
        failed = true;
        shutdown.request();
      });
    }
  }  // joins
  return failed ? 1 : 0;
}

}  // namespace ordersaga::daemon
