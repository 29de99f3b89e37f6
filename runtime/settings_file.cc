#include "runtime/settings_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "runtime/settings.h"

namespace ordersaga::runtime {
namespace {

std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return std::nullopt;
}

std::optional<std::string> array_text(const toml::array& array) {
  std::string joined;
  for (const toml::node& element : array) {
    const auto text = scalar_text(element);
    if (!text) return std::nullopt;
    joined += (joined.empty() ? "" : ",") + *text;
  }
  return joined;
}

}  // namespace

std::vector<FileValue> read_settings_file(const std::string& path) {
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    throw SettingsError(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
  std::vector<FileValue> values;
  for (const auto& [key, node] : table) {
    const unsigned line = node.source().begin.line;
    const auto text = node.is_array() ? array_text(*node.as_array()) : scalar_text(node);
    if (!text)
      throw SettingsError(fmt::format("{}:{}: {} must be a text, a number, true or false, or a list of these", path, line, key.str()));
    values.push_back({std::string(key.str()), *text, line});
  }
  std::sort(values.begin(), values.end(), [](const FileValue& a, const FileValue& b) { return a.line < b.line; });
  return values;
}

}  // namespace ordersaga::runtime
