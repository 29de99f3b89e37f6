// What a statement gave back. Cheap to copy; text that it hands out lives as long as a copy of it.
#pragma once

#include <cstdint>
#include <pqxx/result>
#include <string>
#include <string_view>

#include "runtime/postgres/parameters.h"

namespace ordersaga::runtime::postgres {

class Rows {
 public:
  Rows() = default;
  explicit Rows(pqxx::result result) : result_(std::move(result)) {}

  std::size_t size() const { return static_cast<std::size_t>(result_.size()); }
  bool empty() const { return size() == 0; }
  // Rows that a statement without a result changed.
  std::size_t affected() const { return static_cast<std::size_t>(result_.affected_rows()); }

  bool is_null(std::size_t row, int column) const;
  // Throw Error when the value is null or of another type: the statement and its reader do not fit.
  std::string_view text(std::size_t row, int column) const;
  std::int64_t integer(std::size_t row, int column) const;
  bool boolean(std::size_t row, int column) const;
  std::string bytes(std::size_t row, int column) const;  // bytea
  Time time(std::size_t row, int column) const;          // timestamptz

 private:
  pqxx::result result_;
};

}  // namespace ordersaga::runtime::postgres
