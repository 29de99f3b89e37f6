// Tables of read models, and how a C++ struct is a row of one.
//
// A row type names its table, says how many of its first columns are the primary key and how many never change once the row
// is there, and lists its columns once:
//
//   struct Level {
//     static constexpr std::string_view kTable = "levels";
//     static constexpr std::size_t kKeyColumns = 1;
//     static constexpr std::size_t kFixedColumns = 2;  // the key's included
//     std::string sku;
//     Shard shard;
//     std::int64_t units = 0;
//     template <class Self, class Column>
//     static void columns(Self& row, Column&& column) {
//       column("sku", row.sku); column("shard", row.shard); column("units", row.units);
//     }
//   };
//
// From that list come the SQL, the conversion to and from rows, the memory tables and the comparison of two of them.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "schemas/ids.h"

namespace ordersaga::projections {

enum class ColumnType : std::uint8_t { text, number, boolean, time };

struct Column {
  std::string name;
  ColumnType type;
};

struct Table {
  std::string name;  // in schema read
  std::vector<Column> columns;
  std::size_t key_columns;    // the first ones
  std::size_t fixed_columns;  // the first ones, the key's included
};

// Whether an update of a row names this column: as its key, or to change it.
inline bool is_written_by_update(const Table& table, std::size_t column) {
  return column < table.key_columns || column >= table.fixed_columns;
}

// A value as text: numbers in decimal, times as microseconds since 1970, booleans as t and f; nullopt is NULL.
using Cell = std::optional<std::string>;
using Row = std::vector<Cell>;

template <class T>
struct IsStrong : std::false_type {};
template <class Tag, class Int>
struct IsStrong<Strong<Tag, Int>> : std::true_type {};

// Types of our own that stand in a text column: void append_to(std::string&) const, static T parse(std::string_view).
template <class T, class = void>
struct IsText : std::false_type {};
template <class T>
struct IsText<T, std::void_t<decltype(T::parse(std::string_view()))>> : std::true_type {};

template <class T>
constexpr ColumnType column_type() {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, std::string> || IsText<U>::value) {
    return ColumnType::text;
  } else if constexpr (std::is_same_v<U, bool>) {
    return ColumnType::boolean;
  } else if constexpr (std::is_same_v<U, Timestamp> || std::is_same_v<U, std::optional<Timestamp>>) {
    return ColumnType::time;
  } else {
    static_assert(std::is_integral_v<U> || IsStrong<U>::value, "no column holds this type");
    return ColumnType::number;
  }
}

template <class T>
Cell to_cell(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (IsText<T>::value) {
    std::string text;
    value.append_to(text);
    return text;
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "t" : "f";
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return std::to_string(value.time_since_epoch().count());
  } else if constexpr (std::is_same_v<T, std::optional<Timestamp>>) {
    return value ? to_cell(*value) : std::nullopt;
  } else if constexpr (IsStrong<T>::value) {
    return std::to_string(value.value);
  } else {
    return std::to_string(value);
  }
}

template <class T>
void from_cell(const Cell& cell, T& value) {
  if constexpr (std::is_same_v<T, std::optional<Timestamp>>) {
    value.reset();
    if (cell) from_cell(cell, value.emplace());
  } else {
    if (!cell) throw std::runtime_error("a column that is never NULL is NULL");
    if constexpr (std::is_same_v<T, std::string>) {
      value = *cell;
    } else if constexpr (IsText<T>::value) {
      value = T::parse(*cell);
    } else if constexpr (std::is_same_v<T, bool>) {
      value = *cell == "t";
    } else {
      std::int64_t number = 0;
      auto [end, error] = std::from_chars(cell->data(), cell->data() + cell->size(), number);
      if (error != std::errc() || end != cell->data() + cell->size()) throw std::runtime_error("a column holds no number: " + *cell);
      if constexpr (std::is_same_v<T, Timestamp>) {
        value = Timestamp(Timestamp::duration(number));
      } else if constexpr (IsStrong<T>::value) {
        value = T(static_cast<decltype(T::value)>(number));
      } else {
        value = static_cast<T>(number);
      }
    }
  }
}

template <class R>
const Table& table_of() {
  static const Table table = [] {
    Table t{std::string(R::kTable), {}, R::kKeyColumns, R::kFixedColumns};
    R row;
    R::columns(row, [&](std::string_view name, auto& value) {
      t.columns.push_back({std::string(name), column_type<std::remove_reference_t<decltype(value)>>()});
    });
    return t;
  }();
  return table;
}

template <class R>
Row to_row(const R& row) {
  Row cells;
  cells.reserve(table_of<R>().columns.size());
  R::columns(row, [&](std::string_view, const auto& value) { cells.push_back(to_cell(value)); });
  return cells;
}

template <class R>
R from_row(const Row& cells) {
  R row;
  std::size_t next = 0;
  R::columns(row, [&](std::string_view, auto& value) { from_cell(cells.at(next++), value); });
  return row;
}

}  // namespace ordersaga::projections
