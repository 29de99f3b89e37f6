// The statements on a read model's table. Their text follows from the table's columns; one parameter a column, an array.
#pragma once

#include <string>

#include "projections/table.h"

namespace ordersaga::projections {

std::string insert_sql(const Table& table);
// Of the columns that may change, by the whole key. Its parameters are the columns of a RowBlock of Part::changing.
std::string update_sql(const Table& table);
std::string upsert_sql(const Table& table);
std::string append_sql(const Table& table);
// By the primary key.
std::string erase_sql(const Table& table);
// By the first `key_columns` columns.
std::string select_sql(const Table& table, std::size_t key_columns);
// All rows that one shard's records made.
std::string scan_sql(const Table& table, Shard shard);

}  // namespace ordersaga::projections
