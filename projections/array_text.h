// Columns of rows as Postgres array literals, so that one statement takes any number of rows.
#pragma once

#include <span>
#include <string>

#include "projections/table.h"

namespace ordersaga::projections {

// Column `index` of the rows: {"a","b",NULL} or {1,2,NULL}. Throws events::BadData for a text with a NUL, which Postgres
// cannot hold.
std::string array_text(std::span<const Row> rows, std::size_t index, ColumnType type);

}  // namespace ordersaga::projections
