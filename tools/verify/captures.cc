#include "tools/verify/captures.h"

#include <fmt/format.h>

#include <map>
#include <string>

namespace ordersaga::verify {

void CapturesChecker::finish() {
  struct Charge {
    int captures = 0;
    std::int64_t captured = 0;
    std::int64_t authorized = 0;
    std::string references;
  };
  std::map<std::string, Charge> charges;
  for (const GatewayEntry& entry : gateway_.ledger()) {
    Charge& charge = charges[entry.payment_id];
    if (entry.operation == GatewayOperation::authorize) charge.authorized += entry.amount_minor;
    if (entry.operation != GatewayOperation::capture) continue;
    ++charge.captures;
    charge.captured += entry.amount_minor;
    charge.references += (charge.references.empty() ? "" : ", ") + entry.reference;
  }
  for (const auto& [id, charge] : charges) {
    if (charge.captures > 1)
      findings_.add({"I6", fmt::format("payment {}", id), "at most one capture at the gateway",
                     fmt::format("{}: {}", charge.captures, charge.references)});
    if (charge.captured > charge.authorized)
      findings_.add({"I6", fmt::format("payment {}", id), fmt::format("at most {} captured, as authorized", charge.authorized),
                     fmt::format("{}", charge.captured)});
  }
}

}  // namespace ordersaga::verify
