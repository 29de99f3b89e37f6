// A password or key: prints as ***, so that it cannot slip into a log, an error or a test's output.
#pragma once

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace ordersaga::runtime {

class Secret {
 public:
  static constexpr std::string_view kMask = "***";

  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  bool empty() const { return value_.empty(); }
  // The one way to the value; only for handing it to the library that needs it.
  const std::string& reveal() const { return value_; }

  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << kMask; }

 private:
  std::string value_;
};

}  // namespace ordersaga::runtime

template <>
struct fmt::formatter<ordersaga::runtime::Secret> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const ordersaga::runtime::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format(ordersaga::runtime::Secret::kMask, context);
  }
};
