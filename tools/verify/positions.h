// I15: the positions of a shard are 1, 2, 3 … up to its head without a hole, and recorded_at never falls.
#pragma once

#include "tools/verify/checker.h"

namespace ordersaga::verify {

class PositionsChecker final : public Checker {
 public:
  explicit PositionsChecker(Findings& findings) : findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;

 private:
  Findings& findings_;
  Position last_;
  Timestamp recorded_at_{};
};

}  // namespace ordersaga::verify
