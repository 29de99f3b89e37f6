// The TOML file of settings: one flat list of keys.
#pragma once

#include <string>
#include <vector>

namespace ordersaga::runtime {

struct FileValue {
  std::string name;
  std::string text;  // as it would stand in a flag; an array's elements are joined by commas
  unsigned line = 0;
};

// In the order of their lines. Throws SettingsError: the file cannot be read, is no TOML, or holds values of a kind that
// no setting has (tables, dates, nested arrays).
std::vector<FileValue> read_settings_file(const std::string& path);

}  // namespace ordersaga::runtime
