// I2: every command has exactly one outcome. Of the input records with one (key, idempotency key) one was decided, the
// rest are refusals of other bytes under the same key; what an accepted one led to is in the log; and the inbox, which
// keeps a redelivery from being decided again, has one row for it, at its position.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tools/verify/checker.h"

namespace ordersaga::verify {

class InputsChecker final : public Checker {
 public:
  // `tables` gives the inbox; it must outlive the checker.
  InputsChecker(TableSource& tables, Findings& findings) : tables_(tables), findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;

 private:
  using Id = std::pair<std::string, std::string>;  // key, idempotency key
  struct Decided {
    Position position;
    Timestamp recorded_at{};
    bool in_inbox = false;
  };
  struct Claim {
    Position position;
    std::string stream;
    Version version;
  };

  TableSource& tables_;
  Findings& findings_;
  std::map<Id, Decided> decided_;
  std::vector<Claim> claims_;
  std::unordered_set<std::int64_t> refused_;  // positions
  std::unordered_map<std::string, Version> last_;
};

}  // namespace ordersaga::verify
