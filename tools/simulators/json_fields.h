// Reads the bodies of calls to a simulator strictly: a misspelt field is an error, not a default.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ordersaga::simulators {

// Throws std::invalid_argument for what is no JSON object or has fields beside `known`.
inline nlohmann::json parse_object(std::string_view body, std::initializer_list<std::string_view> known) {
  nlohmann::json out = nlohmann::json::parse(body, nullptr, false);
  if (!out.is_object()) throw std::invalid_argument("the body is no JSON object");
  for (const auto& [name, value] : out.items())
    if (std::find(known.begin(), known.end(), name) == known.end()) throw std::invalid_argument("unknown field " + name);
  return out;
}

// Empty when absent. Throws std::invalid_argument when it is no string.
inline std::string string_field(const nlohmann::json& object, const char* name) {
  auto it = object.find(name);
  if (it == object.end()) return {};
  if (!it->is_string()) throw std::invalid_argument(std::string(name) + " must be a string");
  return it->get<std::string>();
}

// 0 when absent. Throws std::invalid_argument when it is no whole number.
inline std::int64_t integer_field(const nlohmann::json& object, const char* name) {
  auto it = object.find(name);
  if (it == object.end()) return 0;
  if (!it->is_number_integer()) throw std::invalid_argument(std::string(name) + " must be a whole number");
  return it->get<std::int64_t>();
}

}  // namespace ordersaga::simulators
