// sagactl run inside a test: arguments and environment in; exit code and what was said out.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "tools/sagactl/console.h"

namespace ordersaga::sagactl::test {

// Stands still, a while after everything in the tests' histories.
class FixedClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return at; }
  std::chrono::microseconds steady() const override { return std::chrono::microseconds(0); }
  runtime::WallTime at{std::chrono::seconds(1'700'010'000)};
};

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

// `input` is stdin. No terminal anywhere. Without a clock time is FixedClock's.
Outcome sagactl(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {},
                const std::string& input = {}, const runtime::Clock* clock = nullptr);

}  // namespace ordersaga::sagactl::test
