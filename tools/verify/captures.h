// I6: the gateway captured at most once for each payment, and never more than it had authorized. Counted in the gateway's
// own ledger, because that is where a second charge would be.
#pragma once

#include "tools/verify/checker.h"

namespace ordersaga::verify {

class CapturesChecker final : public Checker {
 public:
  // `gateway` must outlive the checker.
  CapturesChecker(GatewaySource& gateway, Findings& findings) : gateway_(gateway), findings_(findings) {}
  void see(const LogEntry&) override {}
  void finish() override;

 private:
  GatewaySource& gateway_;
  Findings& findings_;
};

}  // namespace ordersaga::verify
