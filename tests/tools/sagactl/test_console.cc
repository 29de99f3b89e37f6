#include "tests/tools/sagactl/test_console.h"

#include "tools/sagactl/app.h"

namespace ordersaga::sagactl::test {

Outcome sagactl(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment, const std::string& input,
                const runtime::Clock* clock) {
  FixedClock fixed;
  std::istringstream in(input);
  std::ostringstream out, err;
  Console console{.in = in,
                  .out = out,
                  .err = err,
                  .environment =
                      [&](const std::string& name) {
                        auto found = environment.find(name);
                        return found == environment.end() ? std::nullopt : std::optional(found->second);
                      },
                  .clock = clock != nullptr ? clock : &fixed};
  int code = run(arguments, console);
  return {code, out.str(), err.str()};
}

}  // namespace ordersaga::sagactl::test
