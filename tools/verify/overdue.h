// I9: no next step is overdue. Wake-ups are not due since longer than a grace (they are looked for every fraction of a second,
// but a turn may take its time, and a saga that broke its turn is left alone for a minute), and none is later than its saga
// wants to be woken.
#pragma once

#include "tools/verify/checker.h"
#include "tools/verify/saga_phases.h"

namespace ordersaga::verify {

class OverdueChecker final : public Checker {
 public:
  static constexpr Duration kGrace = std::chrono::seconds(90);

  explicit OverdueChecker(Findings& findings) : findings_(findings) {}
  void begin(const ShardSnapshot&) override { phases_.clear(); }
  void see(const LogEntry& entry) override { phases_.see(entry); }
  void end(const ShardSnapshot& snapshot) override;

 private:
  Findings& findings_;
  SagaPhases phases_;
};

}  // namespace ordersaga::verify
