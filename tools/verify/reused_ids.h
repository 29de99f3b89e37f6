// I3: the same id with other bytes was refused, and with the same bytes it was not. The inbox remembers each decided
// command's type and bytes by their hash: it is the hash of what the log has, or other bytes would pass for a repetition.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "tools/verify/checker.h"

namespace ordersaga::verify {

// What the inbox must remember of a command: the first half of the SHA-256 of "<type>\\0<bytes>", in hexadecimal digits.
std::string content_hash(std::string_view type, std::string_view bytes);

class ReusedIdsChecker final : public Checker {
 public:
  // `tables` gives the inbox; it must outlive the checker.
  ReusedIdsChecker(TableSource& tables, Findings& findings) : tables_(tables), findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;
  void end(const ShardSnapshot& snapshot) override;

 private:
  using Id = std::pair<std::string, std::string>;  // key, idempotency key
  struct Decided {
    std::string hash;
    std::string place;
  };

  TableSource& tables_;
  Findings& findings_;
  std::map<Id, Decided> decided_;
};

}  // namespace ordersaga::verify
