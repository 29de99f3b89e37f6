// I14: every record has a known cause, recorded before it: a command's input record, a call that its saga had made, or the
// timer of a saga that had begun.
#pragma once

#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include "tools/verify/checker.h"

namespace ordersaga::verify {

class CausesChecker final : public Checker {
 public:
  explicit CausesChecker(Findings& findings) : findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;

 private:
  bool is_known(const LogEntry& entry) const;
  void remember(const LogEntry& entry);

  Findings& findings_;
  std::set<std::pair<std::string, std::string>> commands_;  // key, id
  // Calls as their answers name them, and sagas.
  std::unordered_set<std::string> calls_;
  std::unordered_set<std::string> sagas_;
};

}  // namespace ordersaga::verify
