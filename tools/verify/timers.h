// I10: a timer fires once or is cancelled, never both. Each record of a saga sets its one timer or takes it away; so a record
// that a timer caused must follow one that set it, and not stand before its time. A timer that fired, or that an answer
// took away or moved, is not there for a second firing.
#pragma once

#include <string>
#include <unordered_map>

#include "tools/verify/checker.h"
#include "tools/verify/saga_phases.h"

namespace ordersaga::verify {

class TimersChecker final : public Checker {
 public:
  explicit TimersChecker(Findings& findings) : findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;

 private:
  void see_firing(const LogEntry& entry);

  Findings& findings_;
  SagaPhases phases_;
  // When each saga's timer last fired: a saga may move more than once by one firing.
  std::unordered_map<std::string, Timestamp> fired_;
};

}  // namespace ordersaga::verify
