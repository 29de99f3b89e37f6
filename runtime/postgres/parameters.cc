#include "runtime/postgres/parameters.h"

namespace ordersaga::runtime::postgres {

namespace {

// An array on the wire: dimensions, whether there are nulls, the elements' type, then length and lower bound of its one
// dimension, then for each element its size (-1: null) and bytes. All big-endian.
constexpr std::size_t kHeader = 20;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

// Postgres counts from 2000-01-01 UTC.
std::uint64_t wire_time(Time t) {
  constexpr auto epoch = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(t - epoch).count());
}

}  // namespace

Array::Array(std::uint32_t element_type, std::size_t expected_bytes) {
  bytes_.reserve(kHeader + expected_bytes);
  put(bytes_, 1, 4);
  put(bytes_, 0, 4);
  put(bytes_, element_type, 4);
  put(bytes_, 0, 4);
  put(bytes_, 1, 4);
}

void Array::element(std::uint32_t size) {
  ++count_;
  number(size, 4);
}

void Array::number(std::uint64_t value, int bytes) {
  put(bytes_, value, bytes);
}

void Array::add(std::string_view value) {
  element(static_cast<std::uint32_t>(value.size()));
  bytes_ += value;
}

void Array::add(Time value) {
  element(8);
  number(wire_time(value), 8);
}

void Array::null() {
  has_null_ = true;
  element(0xffffffffU);
}

std::string Array::finish() && {
  std::string counted;
  put(counted, count_, 4);
  bytes_.replace(12, 4, counted);
  bytes_[7] = has_null_ ? 1 : 0;
  if (count_ == 0) {
    bytes_.resize(12);
    bytes_[3] = 0;  // an empty array has no dimension
  }
  return std::move(bytes_);
}

Parameters& Parameters::add(std::int16_t value) {
  put(values_.emplace_back(), static_cast<std::uint16_t>(value), 2);
  return *this;
}

Parameters& Parameters::add(std::int32_t value) {
  put(values_.emplace_back(), static_cast<std::uint32_t>(value), 4);
  return *this;
}

Parameters& Parameters::add(std::int64_t value) {
  put(values_.emplace_back(), static_cast<std::uint64_t>(value), 8);
  return *this;
}

Parameters& Parameters::add(std::string_view value) {
  values_.emplace_back(value);
  return *this;
}

Parameters& Parameters::add(Time value) {
  put(values_.emplace_back(), wire_time(value), 8);
  return *this;
}

Parameters& Parameters::add(Array&& array) {
  values_.push_back(std::move(array).finish());
  return *this;
}

}  // namespace ordersaga::runtime::postgres
