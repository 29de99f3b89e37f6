// What is wrong with the fields of a command, gathered so that its sender learns of everything at once. Costs nothing
// while nothing is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "aggregates/decider.h"

namespace ordersaga::aggregates {

// Path of a field: "items[3].sku", "shipping_address.lines[0]", "notes". Made a string only when it is needed.
struct Field {
  std::string_view parent;  // empty: none
  int parent_index = -1;    // -1: not repeated
  std::string_view name;
  int index = -1;

  std::string path() const;
};

// A field at the top of a command.
inline Field field(std::string_view name) {
  return Field{.parent = {}, .parent_index = -1, .name = name, .index = -1};
}

class FieldErrors {
 public:
  // `problem` completes "<field> …": "must be positive". It never repeats the value.
  void add(const Field& field, std::string_view problem);

  // An id that must be there (schemas/ids.h).
  void require_id(const Field& field, std::string_view value);
  // The same, but it may be absent.
  void check_id(const Field& field, std::string_view value);
  // Text of 1 to `max` bytes.
  void require_text(const Field& field, std::string_view value, std::size_t max);
  // Text of at most `max` bytes.
  void check_text(const Field& field, std::string_view value, std::size_t max);
  // A whole number of `least` to `most`.
  void check_range(const Field& field, std::int64_t value, std::int64_t least, std::int64_t most);

  bool empty() const { return total_ == 0; }
  // INVALID_ARGUMENT; a detail {field, problem} for each of the first 20.
  Rejection rejection() &&;

 private:
  std::vector<Detail> details_;
  std::size_t total_ = 0;
};

}  // namespace ordersaga::aggregates
