// I1: the versions of a stream are 1, 2, 3 … in position order, and a record stands in the shard of its key. Every record's
// bytes are of the type that the log says they are of.
#pragma once

#include <string>
#include <unordered_map>

#include "tools/verify/checker.h"

namespace ordersaga::verify {

class VersionsChecker final : public Checker {
 public:
  VersionsChecker(int shards, Findings& findings) : shards_(shards), findings_(findings) {}
  void begin(const ShardSnapshot& snapshot) override;
  void see(const LogEntry& entry) override;

 private:
  int shards_;
  Findings& findings_;
  std::unordered_map<std::string, Version> last_;
};

}  // namespace ordersaga::verify
