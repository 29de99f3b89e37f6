// Arguments of a statement, in Postgres' binary format: nothing is escaped, parsed or doubled in size, and an array of any
// length is one argument. The statement must give each one its type ($1::bigint[]).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ordersaga::runtime::postgres {

using Time = std::chrono::sys_time<std::chrono::microseconds>;

// Elements of a one-dimensional array, appended one by one; all by the same function, or null().
class Array {
 public:
  static Array of_smallint(std::size_t expected = 0) { return Array(21, expected * 6); }
  static Array of_integer(std::size_t expected = 0) { return Array(23, expected * 8); }
  static Array of_bigint(std::size_t expected = 0) { return Array(20, expected * 12); }
  static Array of_boolean(std::size_t expected = 0) { return Array(16, expected * 5); }
  static Array of_text(std::size_t expected = 0) { return Array(25, expected * 32); }
  static Array of_bytea(std::size_t expected = 0) { return Array(17, expected * 128); }
  static Array of_timestamptz(std::size_t expected = 0) { return Array(1184, expected * 12); }

  // The value's type is the array's.
  void add(std::int16_t value) { element(2), number(static_cast<std::uint16_t>(value), 2); }
  void add(std::int32_t value) { element(4), number(static_cast<std::uint32_t>(value), 4); }
  void add(std::int64_t value) { element(8), number(static_cast<std::uint64_t>(value), 8); }
  void add(bool value) { element(1), number(value ? 1 : 0, 1); }
  void add(std::string_view value);  // of text and bytea
  void add(const std::string& value) { add(std::string_view(value)); }
  void add(const char*) = delete;
  void add(Time value);
  void null();

 private:
  friend class Parameters;
  explicit Array(std::uint32_t element_type, std::size_t expected_bytes);
  void element(std::uint32_t size);
  void number(std::uint64_t value, int bytes);
  std::string finish() &&;

  std::uint32_t count_ = 0;
  bool has_null_ = false;
  std::string bytes_;
};

class Parameters {
 public:
  Parameters& add(std::int16_t value);
  Parameters& add(std::int32_t value);
  Parameters& add(std::int64_t value);
  Parameters& add(std::string_view value);  // text and bytea
  Parameters& add(Time value);
  Parameters& add(Array&& array);

  const std::vector<std::string>& values() const { return values_; }

 private:
  std::vector<std::string> values_;
};

}  // namespace ordersaga::runtime::postgres
