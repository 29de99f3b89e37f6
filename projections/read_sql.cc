#include "projections/read_sql.h"

#include <fmt/format.h>

namespace ordersaga::projections {

namespace {

constexpr const char* kInsert = "INSERT INTO read.{table} ({names}) SELECT * FROM unnest({arrays})";
constexpr const char* kUpdate = "UPDATE read.{table} t SET {changes} FROM unnest({arrays}) AS v({names}) WHERE {match}";
constexpr const char* kErase = "DELETE FROM read.{table} t USING unnest({arrays}) AS k({keys}) WHERE {match}";
constexpr const char* kSelect = "SELECT {values} FROM read.{table} t JOIN unnest({arrays}) AS k({keys}) ON {match}";
constexpr const char* kScan = "SELECT {values} FROM read.{table} t WHERE t.shard = {shard}";

const char* array_type(ColumnType type) {
  switch (type) {
    case ColumnType::text:
      return "text[]";
    case ColumnType::boolean:
      return "boolean[]";
    case ColumnType::number:
      return "bigint[]";
    case ColumnType::time:
      return "timestamptz[]";
  }
  return "";
}

// "a, b, c", one part for each of the first `count` columns.
template <class Part>
std::string list(const Table& table, std::size_t count, Part part, const char* separator = ", ") {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) all += separator;
    all += part(table.columns[i], i);
  }
  return all;
}

std::string names(const Table& table) {
  return list(table, table.columns.size(), [](const Column& c, std::size_t) { return c.name; });
}

std::string arrays(const Table& table, std::size_t count) {
  return list(table, count, [](const Column& c, std::size_t i) { return fmt::format("${}::{}", i + 1, array_type(c.type)); });
}

std::string insert(const Table& table) {
  return fmt::format(kInsert, fmt::arg("table", table.name), fmt::arg("names", names(table)),
                     fmt::arg("arrays", arrays(table, table.columns.size())));
}

std::string selected(const Table& table) {
  return list(table, table.columns.size(), [](const Column& c, std::size_t) { return "t." + c.name; });
}

std::string key_names(const Table& table, std::size_t count) {
  return list(table, count, [](const Column& c, std::size_t) { return c.name; });
}

}  // namespace

std::string insert_sql(const Table& table) {
  return insert(table);
}

std::string update_sql(const Table& table) {
  Table written{table.name, {}, table.key_columns, table.key_columns};
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (is_written_by_update(table, i)) written.columns.push_back(table.columns[i]);
  std::string changes;
  for (std::size_t i = written.key_columns; i < written.columns.size(); ++i)
    changes += fmt::format("{}{} = v.{}", changes.empty() ? "" : ", ", written.columns[i].name, written.columns[i].name);
  auto match = [](const Column& c, std::size_t) { return fmt::format("t.{} = v.{}", c.name, c.name); };
  return fmt::format(kUpdate, fmt::arg("table", table.name), fmt::arg("changes", changes),
                     fmt::arg("arrays", arrays(written, written.columns.size())), fmt::arg("names", names(written)),
                     fmt::arg("match", list(written, written.key_columns, match, " AND ")));
}

std::string upsert_sql(const Table& table) {
  std::string changes;
  for (std::size_t i = table.key_columns; i < table.columns.size(); ++i)
    changes += fmt::format("{}{} = excluded.{}", changes.empty() ? "" : ", ", table.columns[i].name, table.columns[i].name);
  return fmt::format("{} ON CONFLICT ({}) DO UPDATE SET {}", insert(table), key_names(table, table.key_columns), changes);
}

std::string append_sql(const Table& table) {
  return fmt::format("{} ON CONFLICT ({}) DO NOTHING", insert(table), key_names(table, table.key_columns));
}

std::string erase_sql(const Table& table) {
  auto match = [](const Column& c, std::size_t) { return fmt::format("t.{} = k.{}", c.name, c.name); };
  return fmt::format(kErase, fmt::arg("table", table.name), fmt::arg("arrays", arrays(table, table.key_columns)),
                     fmt::arg("keys", key_names(table, table.key_columns)),
                     fmt::arg("match", list(table, table.key_columns, match, " AND ")));
}

std::string select_sql(const Table& table, std::size_t key_columns) {
  auto match = [](const Column& c, std::size_t) { return fmt::format("t.{} = k.{}", c.name, c.name); };
  return fmt::format(kSelect, fmt::arg("values", selected(table)), fmt::arg("table", table.name),
                     fmt::arg("arrays", arrays(table, key_columns)), fmt::arg("keys", key_names(table, key_columns)),
                     fmt::arg("match", list(table, key_columns, match, " AND ")));
}

std::string scan_sql(const Table& table, Shard shard) {
  return fmt::format(kScan, fmt::arg("values", selected(table)), fmt::arg("table", table.name), fmt::arg("shard", shard.value));
}

}  // namespace ordersaga::projections
