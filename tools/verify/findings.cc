#include "tools/verify/findings.h"

#include <utility>

namespace ordersaga::verify {

void Findings::add(Finding finding) {
  ++total_;
  if (++counts_[finding.invariant] <= kKept) kept_.push_back(std::move(finding));
}

}  // namespace ordersaga::verify
