// Rows to be written, column by column: a column's values lie side by side, so that no cell costs an allocation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "projections/table.h"

namespace ordersaga::projections {

// What of a row is written: all of it, or the key and the columns that may change.
enum class Part : std::uint8_t { whole, changing };

class RowBlock {
 public:
  // One column. Numbers, times (microseconds since 1970) and booleans are in `numbers`, texts one behind the other in `text`.
  struct Values {
    std::size_t column = 0;  // its place in the table
    ColumnType type = ColumnType::text;
    std::vector<std::int64_t> numbers;
    std::string text;
    std::vector<std::size_t> ends;
    std::vector<std::size_t> nulls;  // rows, ascending

    std::string_view text_at(std::size_t row) const {
      std::size_t begin = row == 0 ? 0 : ends[row - 1];
      return std::string_view(text).substr(begin, ends[row] - begin);
    }
  };

  // The table outlives this.
  RowBlock(const Table& table, Part part) : table_(&table) {
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      if (part == Part::whole || is_written_by_update(table, i)) values_.push_back({i, table.columns[i].type, {}, {}, {}, {}});
  }

  const Table& table() const { return *table_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Keeps the memory.
  void clear() {
    size_ = 0;
    for (Values& v : values_) v.numbers.clear(), v.text.clear(), v.ends.clear(), v.nulls.clear();
  }
  // In the order of the table's columns.
  const std::vector<Values>& columns() const { return values_; }

  // REQUIRES: R is the table's row type.
  template <class R>
  void add(const R& row) {
    std::size_t column = 0, next = 0;
    R::columns(row, [&](std::string_view, const auto& value) {
      if (next < values_.size() && values_[next].column == column) put(values_[next++], value);
      ++column;
    });
    ++size_;
  }

  // A row's cells, of columns().
  Row row(std::size_t index) const;

 private:
  template <class T>
  void put(Values& to, const T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      to.text += value;
      to.ends.push_back(to.text.size());
    } else if constexpr (IsText<T>::value) {
      value.append_to(to.text);
      to.ends.push_back(to.text.size());
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      to.numbers.push_back(value.time_since_epoch().count());
    } else if constexpr (std::is_same_v<T, std::optional<Timestamp>>) {
      if (!value) to.nulls.push_back(size_);
      to.numbers.push_back(value ? value->time_since_epoch().count() : 0);
    } else if constexpr (IsStrong<T>::value) {
      to.numbers.push_back(value.value);
    } else {
      to.numbers.push_back(static_cast<std::int64_t>(value));
    }
  }

  const Table* table_;
  std::size_t size_ = 0;
  std::vector<Values> values_;
};

inline Row RowBlock::row(std::size_t index) const {
  Row cells;
  cells.reserve(values_.size());
  for (const Values& v : values_) {
    if (std::binary_search(v.nulls.begin(), v.nulls.end(), index))
      cells.emplace_back();
    else if (v.type == ColumnType::text)
      cells.emplace_back(std::string(v.text_at(index)));
    else if (v.type == ColumnType::boolean)
      cells.emplace_back(v.numbers[index] != 0 ? "t" : "f");
    else
      cells.emplace_back(std::to_string(v.numbers[index]));
  }
  return cells;
}

// What a row's texts take in memory.
template <class R>
std::size_t text_bytes(const R& row) {
  std::size_t bytes = 0;
  R::columns(row, [&](std::string_view, const auto& value) {
    using T = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::string> || IsText<T>::value) bytes += value.size();
  });
  return bytes;
}

// Of rows at hand.
template <class R>
RowBlock block_of(const std::vector<R>& rows, Part part = Part::whole) {
  RowBlock block(table_of<R>(), part);
  for (const R& row : rows) block.add(row);
  return block;
}

}  // namespace ordersaga::projections
