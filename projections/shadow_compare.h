// What a rebuilt projection will change when it takes the live rows' place.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "projections/table.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::projections {

struct ShadowDifference {
  std::string table;
  std::string key;   // its columns separated by '/'
  std::string what;  // in words, both values
};

struct ShadowComparison {
  std::uint64_t rows = 0;  // looked at, on either side
  // Records that only one of the two has applied have changed these: nothing can be said of them.
  std::uint64_t moving = 0;
  std::uint64_t different = 0;
  std::vector<ShadowDifference> examples;  // of those that differ, the first ones

  std::uint64_t equal() const { return rows - moving - different; }
};

// Compares the live table's rows with its shadow's, some thousands in one statement, so that no snapshot is held for long and both
// projections go on meanwhile. The tables have columns `shard` and `position`. `progress`: the rows so far; may throw to stop.
void compare_with_shadow(runtime::postgres::Connection& connection, const std::string& projection, const Table& table,
                         std::size_t max_examples, ShadowComparison& result, const std::function<void(std::uint64_t rows)>& progress);

}  // namespace ordersaga::projections
