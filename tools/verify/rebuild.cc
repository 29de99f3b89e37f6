#include "tools/verify/rebuild.h"

#include <fmt/format.h>

namespace ordersaga::verify {

void RebuildChecker::finish() {
  for (const RowDifference& row : rebuild_.compare_with_rebuild())
    findings_.add({"I13", fmt::format("{} {}", row.table, row.key), "what a rebuild from the log gives", row.what});
}

}  // namespace ordersaga::verify
