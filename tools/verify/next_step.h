// I8: no saga without a next step. A saga that runs or compensates has a wake-up (which also watches over its outstanding
// call, and says so); one that ended or waits for an operator has none.
#pragma once

#include "tools/verify/checker.h"
#include "tools/verify/saga_phases.h"

namespace ordersaga::verify {

class NextStepChecker final : public Checker {
 public:
  explicit NextStepChecker(Findings& findings) : findings_(findings) {}
  void begin(const ShardSnapshot&) override { phases_.clear(); }
  void see(const LogEntry& entry) override { phases_.see(entry); }
  void end(const ShardSnapshot& snapshot) override;

 private:
  Findings& findings_;
  SagaPhases phases_;
};

}  // namespace ordersaga::verify
