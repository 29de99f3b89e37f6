#include "tools/verify/rebuild.h"

#include <fmt/format.h>

namespace ordersaga::verify {

void RebuildChecker::finish() {
  for (const RowDifference& row : rebuild_.compare_with_rebuild())
    findings_.add({"I13", fmt::format("{} {}", row.table, row.key), row.rebuilt.empty() ? "no row, as in a rebuild" : row.rebuilt,
                   row.live.empty() ? "no row" : row.live});
}

}  // namespace ordersaga::verify
