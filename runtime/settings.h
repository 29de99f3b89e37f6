// A program's settings from flags, the environment and a TOML file, in this order of precedence.
//
// A setting is declared once, bound to the variable that gets its value and holds its default:
//
//   SettingsReader reader("ordersagad", "Runs the roles of Ordersaga.", "0.1.0");
//   reader.add("turn_size", settings.turn_size, "inputs of one turn, at most", {1, 5000});
//   if (auto text = reader.read(argc, argv, process_environment())) { std::cout << *text; return 0; }
//
// `turn_size` is then --turn-size, ORDERSAGA_TURN_SIZE and `turn_size = …` in the file that --config or ORDERSAGA_CONFIG
// names. A secret comes from the environment, or from the file that its second setting, <name>_file, names; never from a
// flag, which everybody on the machine can read, nor from the TOML file itself.
//
// One thread. Whatever is wrong with the values is a SettingsError whose message is one line that names the source.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/secret.h"

namespace ordersaga::runtime {

struct SettingsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct IntegerRange {
  std::int64_t min;
  std::int64_t max;
};
struct DurationRange {
  std::chrono::milliseconds min;
  std::chrono::milliseconds max;
};

// A variable's value; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;
Environment process_environment();

class SettingsReader {
 public:
  SettingsReader(std::string program, std::string description, std::string version);

  void add(const std::string& name, std::string& target, const std::string& help);
  void add(const std::string& name, std::int64_t& target, const std::string& help, IntegerRange range);
  void add(const std::string& name, bool& target, const std::string& help);
  // Written as 250ms, 5s, 2m or 1h.
  void add(const std::string& name, std::chrono::milliseconds& target, const std::string& help, DurationRange range);
  // One of `choices`.
  void add_choice(const std::string& name, std::string& target, const std::string& help, std::vector<std::string> choices);
  // Several of `choices`, separated by commas (or an array in the file).
  void add_choices(const std::string& name, std::vector<std::string>& target, const std::string& help, std::vector<std::string> choices);
  void add_secret(const std::string& name, Secret& target, const std::string& help);

  // Gives the variables their values. A text instead means that it was asked for (--help, --version): print it and end.
  std::optional<std::string> read(int argc, const char* const* argv, const Environment& environment);

  struct Effective {
    std::string name;
    std::string value;  // *** for secrets
    std::string source;
  };
  // After read(): every setting, in the order of declaration.
  std::vector<Effective> effective() const;

 private:
  struct Setting {
    std::string name;
    std::string help;
    bool is_switch = false;
    bool is_secret = false;
    // Checks the text and sets the variable; throws std::invalid_argument with the reason.
    std::function<void(const std::string&)> assign;
    std::function<std::string()> print;
    std::string source = "default";
  };

  struct Raw {
    std::string text;
    std::string source;
  };
  using RawValues = std::map<std::string, Raw>;  // by setting

  std::optional<std::string> read_flags(int argc, const char* const* argv, RawValues& values, std::string& config) const;
  void read_environment(const Environment& environment, RawValues& values, std::string& config) const;
  void read_file(const std::string& path, RawValues& values) const;
  const Setting* find(std::string_view name) const;
  std::string suggestion(std::string_view unknown, bool as_flag) const;
  void add_setting(Setting setting);

  std::string program_;
  std::string description_;
  std::string version_;
  std::vector<Setting> settings_;
};

// Of `known`, the one that `unknown` was probably meant to be; empty when none is near.
std::string nearest(std::string_view unknown, const std::vector<std::string>& known);

}  // namespace ordersaga::runtime
