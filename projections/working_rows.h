// The rows that a batch of records touches: loaded together, changed in memory, written together.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "projections/read_store.h"
#include "projections/table.h"

namespace ordersaga::projections {

// What the shell does with a projection's rows, whatever their type.
class RowSet {
 public:
  virtual ~RowSet() = default;
  virtual const Table& table() const = 0;
  virtual void load(ReadTransaction& transaction) = 0;
  virtual void write(ReadTransaction& transaction) = 0;
  virtual void clear() = 0;
};

// Cells as one string, unique because no text has a NUL.
inline std::string joined(const Row& cells, std::size_t count) {
  std::string key;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) key.push_back('\0');
    key += cells[i].value_or(std::string());
  }
  return key;
}

template <class... T>
std::string joined_key(const T&... values) {
  Row cells{to_cell(values)...};
  return joined(cells, cells.size());
}

// Rows that change. A row is found by its whole key; wanted by its key's first columns.
template <class R>
class ChangingRows final : public RowSet {
 public:
  const Table& table() const override { return table_of<R>(); }

  // The rows with these first key columns may exist and are needed. REQUIRES: as many columns as in all other calls.
  template <class... T>
  void want(const T&... values) {
    Row cells{to_cell(values)...};
    std::string key = joined(cells, cells.size());
    if (!known_.insert(std::move(key)).second) return;
    wanted_.push_back(std::move(cells));
  }
  // No row with these first key columns exists: a record of the batch makes the first.
  template <class... T>
  void expect_none(const T&... values) {
    known_.insert(joined_key(values...));
  }

  // Null when there is none. The row counts as changed.
  template <class... T>
  R* find(const T&... values) {
    auto found = rows_.find(joined_key(values...));
    if (found == rows_.end()) return nullptr;
    found->second.changed = true;
    return &found->second.row;
  }
  // Calls `each` with every row whose first key columns these are.
  template <class Each, class... T>
  void each_of(Each&& each, const T&... values) const {
    std::string prefix = joined_key(values...) + '\0';
    for (auto it = rows_.lower_bound(prefix); it != rows_.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it)
      each(it->second.row);
  }
  R& put(R row) {
    std::string key = joined(to_row(row), R::kKeyColumns);
    Entry& entry = rows_[std::move(key)];
    entry = {std::move(row), true};
    return entry.row;
  }
  std::size_t size() const { return rows_.size(); }

  void load(ReadTransaction& transaction) override {
    if (wanted_.empty()) return;
    for (const Row& cells : transaction.select(table(), wanted_)) rows_.emplace(joined(cells, R::kKeyColumns), Entry{from_row<R>(cells)});
  }
  void write(ReadTransaction& transaction) override {
    std::vector<Row> changed;
    for (const auto& [key, entry] : rows_)
      if (entry.changed) changed.push_back(to_row(entry.row));
    if (!changed.empty()) transaction.upsert(table(), changed);
  }
  void clear() override {
    known_.clear();
    wanted_.clear();
    rows_.clear();
  }

 private:
  struct Entry {
    R row;
    bool changed = false;
  };
  std::set<std::string> known_;
  std::vector<Row> wanted_;
  std::map<std::string, Entry> rows_;
};

// Rows that are only ever added.
template <class R>
class AddedRows final : public RowSet {
 public:
  const Table& table() const override { return table_of<R>(); }
  void add(R row) { rows_.push_back(std::move(row)); }
  const std::vector<R>& rows() const { return rows_; }

  void load(ReadTransaction&) override {}
  void write(ReadTransaction& transaction) override {
    if (rows_.empty()) return;
    std::vector<Row> added;
    added.reserve(rows_.size());
    for (const R& row : rows_) added.push_back(to_row(row));
    transaction.append(table(), added);
  }
  void clear() override { rows_.clear(); }

 private:
  std::vector<R> rows_;
};

}  // namespace ordersaga::projections
