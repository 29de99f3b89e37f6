#include "projections/shadow_compare.h"

#include <fmt/format.h>

#include "projections/postgres_read_store.h"

namespace ordersaga::projections {

namespace {

namespace postgres = runtime::postgres;

constexpr std::size_t kChunk = 5'000;

// Where the chunk that begins behind a key ends; no row: it is the last.
constexpr const char* kChunkEnd =
    "SELECT {keys} FROM read.{table}{suffix} WHERE ({keys}) > ({after}) ORDER BY {keys} OFFSET {chunk} LIMIT 1";

// A row of either side with the other side's, when it has one. What one projection has applied and the other has not is said to
// move. What a live row owes to records that a later epoch undid does not: it is wrong.
constexpr const char* kCompare =
    "WITH place AS MATERIALIZED ("
    " SELECT n.shard, n.position AS shadow, coalesce(log.carried_over(l.shard, l.epoch, l.position), 0) AS live,"
    "  least(n.position, coalesce(log.carried_over(l.shard, l.epoch, l.position), 0)) AS both"
    " FROM read.projection_checkpoint n"
    " LEFT JOIN read.projection_checkpoint l ON l.projection = '{projection}' AND l.shard = n.shard"
    " WHERE n.projection = '{projection}{suffix}') "
    "SELECT coalesce(l.position > p.both AND l.position <= p.live, false) OR coalesce(n.position > p.both, false) AS moving,"
    " concat_ws('/', {l_keys}) AS key,"
    " CASE WHEN n.shard IS NULL THEN 'the log does not make this row' ELSE concat_ws('; ', {differences}) END AS what"
    " FROM read.{table} l LEFT JOIN read.{table}{suffix} n ON {match} LEFT JOIN place p ON p.shard = l.shard WHERE {l_range} "
    "UNION ALL "
    "SELECT n.position > p.both, concat_ws('/', {n_keys}), 'the row is missing'"
    " FROM read.{table}{suffix} n LEFT JOIN place p ON p.shard = n.shard"
    " WHERE {n_range} AND NOT EXISTS (SELECT FROM read.{table} l WHERE {match})";

constexpr const char* kDifference =
    "CASE WHEN l.{column} IS DISTINCT FROM n.{column} THEN"
    " format('%s is %s, the log says %s', '{column}', coalesce(left(l.{column}::text, 80), 'NULL'), coalesce(left(n.{column}::text, 80), "
    "'NULL')) "
    "END";

// "<prefix>a<between><prefix>b" of the key's columns.
std::string keys(const Table& table, const std::string& prefix) {
  std::string all;
  for (std::size_t i = 0; i < table.key_columns; ++i) all += (i > 0 ? ", " : "") + prefix + table.columns[i].name;
  return all;
}

// Below every key that there is.
std::string least_key(const Table& table) {
  std::string all;
  for (std::size_t i = 0; i < table.key_columns; ++i)
    all += std::string(i > 0 ? ", " : "") + (table.columns[i].type == ColumnType::text ? "''" : "-1");
  return all;
}

std::string quoted(std::string_view text) {
  std::string all = "'";
  for (char c : text) all += c == '\'' ? std::string("''") : std::string(1, c);
  return all + "'";
}

std::string compare_sql(const std::string& projection, const Table& table, const std::string& after, const std::string& until) {
  std::string match, differences;
  for (std::size_t i = 0; i < table.key_columns; ++i)
    match += fmt::format("{}l.{} = n.{}", i > 0 ? " AND " : "", table.columns[i].name, table.columns[i].name);
  for (std::size_t i = table.key_columns; i < table.columns.size(); ++i)
    differences += (differences.empty() ? "" : ", ") + fmt::format(kDifference, fmt::arg("column", table.columns[i].name));
  auto range = [&](const std::string& prefix) {
    std::string from = fmt::format("({}) > ({})", keys(table, prefix), after);
    return until.empty() ? from : from + fmt::format(" AND ({}) <= ({})", keys(table, prefix), until);
  };
  return fmt::format(kCompare, fmt::arg("projection", projection), fmt::arg("table", table.name), fmt::arg("suffix", kShadowSuffix),
                     fmt::arg("match", match), fmt::arg("differences", differences), fmt::arg("l_keys", keys(table, "l.")),
                     fmt::arg("n_keys", keys(table, "n.")), fmt::arg("l_range", range("l.")), fmt::arg("n_range", range("n.")));
}

// Empty: to the end of the table.
std::string chunk_end(postgres::Connection& connection, const Table& table, const std::string& after) {
  postgres::Rows rows =
      connection.exec(fmt::format(kChunkEnd, fmt::arg("keys", keys(table, "")), fmt::arg("table", table.name),
                                  fmt::arg("suffix", kShadowSuffix), fmt::arg("after", after), fmt::arg("chunk", kChunk - 1)));
  std::string end;
  if (rows.empty()) return end;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    int column = static_cast<int>(i);
    end += (i > 0 ? ", " : "") +
           (table.columns[i].type == ColumnType::text ? quoted(rows.text(0, column)) : std::string(rows.text(0, column)));
  }
  return end;
}

}  // namespace

void compare_with_shadow(postgres::Connection& connection, const std::string& projection, const Table& table, std::size_t max_examples,
                         ShadowComparison& result, const std::function<void(std::uint64_t)>& progress) {
  for (std::string after = least_key(table); !after.empty();) {
    std::string until = chunk_end(connection, table, after);
    postgres::Rows rows = connection.exec(compare_sql(projection, table, after, until));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ++result.rows;
      if (rows.boolean(i, 0)) {
        ++result.moving;
      } else if (std::string_view what = rows.text(i, 2); !what.empty()) {
        ++result.different;
        if (result.examples.size() < max_examples) result.examples.push_back({table.name, std::string(rows.text(i, 1)), std::string(what)});
      }
    }
    progress(result.rows);
    after = std::move(until);
  }
}

}  // namespace ordersaga::projections
