// Structured log on stderr: a message and fields. One JSON object a line, or text when stderr is a terminal.
//
//   log::warn("shard is busy", {{"shard", 3}, {"waited_ms", 250}});
//
// The message is a constant sentence; what varies stands in the fields. Any thread, at any time. Never throws: a line
// that cannot be written is lost.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "runtime/secret.h"

namespace ordersaga::runtime::log {

enum class Level { trace, debug, info, warn, error, off };
enum class Format { automatic, json, text };  // automatic: text on a terminal, else JSON

std::optional<Level> parse_level(std::string_view name);
std::optional<Format> parse_format(std::string_view name);

struct Field {
  using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;

  template <typename T>
  Field(std::string_view field_name, const T& field_value) : name(field_name), value(convert(field_value)) {}

  // Not one of time, level, message, thread: those are the line's own.
  std::string_view name;
  Value value;

 private:
  template <typename T>
  static Value convert(const T& v) {
    if constexpr (std::is_same_v<T, bool>)
      return Value(std::in_place_type<bool>, v);
    else if constexpr (std::is_same_v<T, Secret>)
      return Value(std::in_place_type<std::string>, Secret::kMask);
    else if constexpr (std::is_floating_point_v<T>)
      return Value(std::in_place_type<double>, static_cast<double>(v));
    else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
      return Value(std::in_place_type<std::int64_t>, v);
    else if constexpr (std::is_integral_v<T>)
      return Value(std::in_place_type<std::uint64_t>, v);
    else
      return Value(std::in_place_type<std::string>, std::string_view(v));
  }
};

// Until it is called: info, automatic.
void configure(Level level, Format format);
bool enabled(Level level);
// Name of the calling thread in its lines, for instance of its role. REQUIRES: the characters outlive the thread.
void name_thread(std::string_view name);

void write(Level level, std::string_view message, std::span<const Field> fields);

inline void trace(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::trace, message, {fields.begin(), fields.size()});
}
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::debug, message, {fields.begin(), fields.size()});
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::info, message, {fields.begin(), fields.size()});
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::warn, message, {fields.begin(), fields.size()});
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::error, message, {fields.begin(), fields.size()});
}

}  // namespace ordersaga::runtime::log
