// I13: the read models are what a rebuild from the log gives, row by row, both ways.
#pragma once

#include "tools/verify/checker.h"

namespace ordersaga::verify {

class RebuildChecker final : public Checker {
 public:
  // `rebuild` must outlive the checker.
  RebuildChecker(RebuildSource& rebuild, Findings& findings) : rebuild_(rebuild), findings_(findings) {}
  void see(const LogEntry&) override {}
  void finish() override;

 private:
  RebuildSource& rebuild_;
  Findings& findings_;
};

}  // namespace ordersaga::verify
