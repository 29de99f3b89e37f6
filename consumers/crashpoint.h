// Where a test has the process end in the midst of its work.
#pragma once

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace ordersaga::consumers {

// Kills this process when the environment's ORDERSAGA_CRASHPOINT is "<name>:<detail>". Without that variable it does nothing.
inline void crashpoint(std::string_view name, std::string_view detail) {
  static const std::string wanted = [] {
    const char* value = std::getenv("ORDERSAGA_CRASHPOINT");
    return std::string(value == nullptr ? "" : value);
  }();
  if (wanted.empty() || wanted.size() != name.size() + 1 + detail.size()) return;
  if (wanted.starts_with(name) && wanted[name.size()] == ':' && wanted.ends_with(detail)) std::raise(SIGKILL);
}

}  // namespace ordersaga::consumers
