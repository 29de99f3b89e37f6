#include "runtime/postgres/rows.h"

#include <array>
#include <charconv>

#include "runtime/postgres/errors.h"

namespace ordersaga::runtime::postgres {

namespace {

[[noreturn]] void unfit(std::string_view value, const char* type) {
  throw Error("not a " + std::string(type) + ": '" + std::string(value.substr(0, 64)) + "'");
}

template <class Int>
Int parse(std::string_view& rest, std::string_view whole, const char* type) {
  Int value{};
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc()) unfit(whole, type);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return value;
}

constexpr std::array<std::int8_t, 256> hex_digits() {
  std::array<std::int8_t, 256> values{};
  for (auto& v : values) v = -1;
  for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    values[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
    values[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
  }
  return values;
}

}  // namespace

bool Rows::is_null(std::size_t row, int column) const {
  return result_[static_cast<pqxx::result::size_type>(row)][static_cast<pqxx::row::size_type>(column)].is_null();
}

std::string_view Rows::text(std::size_t row, int column) const {
  auto field = result_[static_cast<pqxx::result::size_type>(row)][static_cast<pqxx::row::size_type>(column)];
  if (field.is_null()) throw Error("null in column " + std::to_string(column) + ", where a value is expected");
  return {field.c_str(), static_cast<std::size_t>(field.size())};
}

std::int64_t Rows::integer(std::size_t row, int column) const {
  std::string_view value = text(row, column);
  std::string_view rest = value;
  auto number = parse<std::int64_t>(rest, value, "whole number");
  if (!rest.empty()) unfit(value, "whole number");
  return number;
}

bool Rows::boolean(std::size_t row, int column) const {
  std::string_view value = text(row, column);
  if (value != "t" && value != "f") unfit(value, "boolean");
  return value == "t";
}

std::string Rows::bytes(std::size_t row, int column) const {
  static constexpr std::array<std::int8_t, 256> digits = hex_digits();
  std::string_view value = text(row, column);
  if (!value.starts_with("\\x") || value.size() % 2 != 0) unfit(value, "bytea in hex");
  std::string out(value.size() / 2 - 1, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    int high = digits[static_cast<unsigned char>(value[2 * i + 2])];
    int low = digits[static_cast<unsigned char>(value[2 * i + 3])];
    if (high < 0 || low < 0) unfit(value, "bytea in hex");
    out[i] = static_cast<char>(high << 4 | low);
  }
  return out;
}

// 2026-11-21 10:07:00.123456+00, as DateStyle ISO and TimeZone UTC write it.
Time Rows::time(std::size_t row, int column) const {
  std::string_view value = text(row, column);
  std::string_view rest = value;
  auto expect = [&](char c) {
    if (rest.empty() || rest[0] != c) unfit(value, "timestamp in UTC");
    rest.remove_prefix(1);
  };
  auto number = [&] { return parse<int>(rest, value, "timestamp in UTC"); };
  int year = number();
  expect('-');
  int month = number();
  expect('-');
  int day = number();
  expect(' ');
  int hour = number();
  expect(':');
  int minute = number();
  expect(':');
  int second = number();
  int micros = 0;
  if (!rest.empty() && rest[0] == '.') {
    rest.remove_prefix(1);
    std::size_t before = rest.size();
    micros = number();
    for (std::size_t digits = before - rest.size(); digits < 6; ++digits) micros *= 10;
  }
  if (rest != "+00") unfit(value, "timestamp in UTC");
  using namespace std::chrono;
  sys_days date(std::chrono::year(year) / month / day);
  return Time(date) + hours(hour) + minutes(minute) + seconds(second) + microseconds(micros);
}

}  // namespace ordersaga::runtime::postgres
