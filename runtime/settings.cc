#include "runtime/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>

#include "runtime/settings_file.h"

namespace ordersaga::runtime {
namespace {

constexpr std::string_view kSecretFileSuffix = "_file";
constexpr std::size_t kMaxSecretBytes = 64 * 1024;

std::string flag_name(std::string_view name) {
  std::string flag = "--" + std::string(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string variable_name(std::string_view name) {
  std::string variable = "ORDERSAGA_" + std::string(name);
  std::transform(variable.begin(), variable.end(), variable.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return variable;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};

std::string print_duration(std::chrono::milliseconds duration) {
  std::string text = fmt::format("{}ms", duration.count());
  for (const auto& [unit, millis] : kUnits)
    if (duration.count() % millis == 0 && duration.count() >= millis) text = fmt::format("{}{}", duration.count() / millis, unit);
  return text;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos || digits == 0 || digits > 12) return std::nullopt;
  for (const auto& [unit, millis] : kUnits)
    if (text.substr(digits) == unit) return std::chrono::milliseconds(*parse_integer(text.substr(0, digits)) * millis);
  return std::nullopt;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const auto end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

void check_choice(const std::string& text, const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return;
  const std::string near = nearest(text, choices);
  throw std::invalid_argument(
      fmt::format("'{}' is not one of {}{}", text, fmt::join(choices, ", "), near.empty() ? "" : fmt::format("; did you mean {}?", near)));
}

std::string read_secret_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::invalid_argument(fmt::format("cannot open the file {}", path));
  std::string value{std::istreambuf_iterator<char>(file), {}};
  if (value.size() > kMaxSecretBytes) throw std::invalid_argument(fmt::format("the file {} is too large to be a secret", path));
  while (value.ends_with('\n') || value.ends_with('\r')) value.pop_back();
  if (value.empty()) throw std::invalid_argument(fmt::format("the file {} is empty", path));
  return value;
}

}  // namespace

std::string nearest(std::string_view unknown, const std::vector<std::string>& known) {
  const auto distance = [](std::string_view a, std::string_view b) {  // Levenshtein's
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t above = row[j];
        row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
        diagonal = above;
      }
    }
    return row.back();
  };
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, unknown.size() / 3) + 1;
  for (const std::string& candidate : known) {
    if (const std::size_t d = distance(unknown, candidate); d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

SettingsReader::SettingsReader(std::string program, std::string description, std::string version)
    : program_(std::move(program)), description_(std::move(description)), version_(std::move(version)) {}

void SettingsReader::add_setting(Setting setting) {
  settings_.push_back(std::move(setting));
}

void SettingsReader::add(const std::string& name, std::string& target, const std::string& help) {
  add_setting(
      {.name = name, .help = help, .assign = [&target](const std::string& text) { target = text; }, .print = [&target] { return target; }});
}

void SettingsReader::add(const std::string& name, std::int64_t& target, const std::string& help, IntegerRange range) {
  const auto assign = [&target, range](const std::string& text) {
    const auto value = parse_integer(text);
    if (!value || *value < range.min || *value > range.max)
      throw std::invalid_argument(fmt::format("must be a whole number from {} to {}", range.min, range.max));
    target = *value;
  };
  add_setting({.name = name, .help = fmt::format("{} ({} to {})", help, range.min, range.max), .assign = assign, .print = [&target] {
                 return fmt::to_string(target);
               }});
}

void SettingsReader::add(const std::string& name, bool& target, const std::string& help) {
  const auto assign = [&target](const std::string& text) {
    if (text != "true" && text != "false") throw std::invalid_argument("must be true or false");
    target = text == "true";
  };
  add_setting({.name = name, .help = help, .is_switch = true, .assign = assign, .print = [&target] { return target ? "true" : "false"; }});
}

void SettingsReader::add(const std::string& name, std::chrono::milliseconds& target, const std::string& help, DurationRange range) {
  const std::string limits = fmt::format("{} to {}", print_duration(range.min), print_duration(range.max));
  const auto assign = [&target, range, limits](const std::string& text) {
    const auto value = parse_duration(text);
    if (!value || *value < range.min || *value > range.max)
      throw std::invalid_argument(fmt::format("must be a duration such as 250ms, 5s, 2m or 1h, {}", limits));
    target = *value;
  };
  add_setting({.name = name, .help = fmt::format("{} ({})", help, limits), .assign = assign, .print = [&target] {
                 return print_duration(target);
               }});
}

void SettingsReader::add_choice(const std::string& name, std::string& target, const std::string& help, std::vector<std::string> choices) {
  std::string text_help = fmt::format("{} ({})", help, fmt::join(choices, ", "));
  const auto assign = [&target, choices = std::move(choices)](const std::string& text) {
    check_choice(text, choices);
    target = text;
  };
  add_setting({.name = name, .help = std::move(text_help), .assign = assign, .print = [&target] { return target; }});
}

void SettingsReader::add_choices(const std::string& name, std::vector<std::string>& target, const std::string& help,
                                 std::vector<std::string> choices) {
  std::string text_help = fmt::format("{} (some of {}, separated by commas)", help, fmt::join(choices, ", "));
  const auto assign = [&target, choices = std::move(choices)](const std::string& text) {
    std::vector<std::string> values;
    for (const std::string& part : split(text)) {
      check_choice(part, choices);
      if (std::find(values.begin(), values.end(), part) != values.end())
        throw std::invalid_argument(fmt::format("'{}' stands twice", part));
      values.push_back(part);
    }
    target = std::move(values);
  };
  add_setting({.name = name, .help = std::move(text_help), .assign = assign, .print = [&target] {
                 return fmt::format("{}", fmt::join(target, ","));
               }});
}

void SettingsReader::add_secret(const std::string& name, Secret& target, const std::string& help) {
  const auto print = [&target] { return std::string(target.empty() ? "" : Secret::kMask); };
  add_setting({.name = name,
               .help = help,
               .is_secret = true,
               .assign = [&target](const std::string& text) { target = Secret(text); },
               .print = print});
  add_setting({.name = name + std::string(kSecretFileSuffix),
               .help = fmt::format("file that holds {} (or set {})", name, variable_name(name)),
               .assign = [&target](const std::string& path) { target = Secret(read_secret_file(path)); },
               .print = print});
}

const SettingsReader::Setting* SettingsReader::find(std::string_view name) const {
  const auto found = std::find_if(settings_.begin(), settings_.end(), [&](const Setting& s) { return s.name == name; });
  return found == settings_.end() ? nullptr : &*found;
}

std::string SettingsReader::suggestion(std::string_view unknown, bool as_flag) const {
  std::vector<std::string> known;
  for (const Setting& setting : settings_)
    if (!setting.is_secret) known.push_back(as_flag ? flag_name(setting.name) : setting.name);
  if (as_flag) known.insert(known.end(), {"--config", "--help", "--version"});
  const std::string near = nearest(unknown, known);
  return near.empty() ? "" : fmt::format("; did you mean {}?", near);
}

std::optional<std::string> SettingsReader::read_flags(int argc, const char* const* argv, RawValues& values, std::string& config) const {
  CLI::App app(description_, program_);
  app.set_version_flag("--version", fmt::format("{} {}", program_, version_));
  app.allow_extras();
  app.add_option("--config", config, "TOML file with settings, by their names with underscores [ORDERSAGA_CONFIG]");
  std::map<std::string, std::pair<CLI::Option*, std::string>> options;
  std::map<std::string, bool> switches;
  for (const Setting& setting : settings_) {
    if (setting.is_secret) continue;
    const std::string flag = flag_name(setting.name);
    const std::string now = setting.print();
    const std::string help =
        fmt::format("{} [{}]{}", setting.help, variable_name(setting.name), now.empty() ? "" : fmt::format(" default: {}", now));
    auto& [option, text] = options[setting.name];
    option = setting.is_switch ? app.add_flag(fmt::format("{},!--no-{}", flag, flag.substr(2)), switches[setting.name], help)
                               : app.add_option(flag, text, help)->take_last();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::CallForVersion& version) {
    return version.what() + std::string("\n");
  } catch (const CLI::ParseError& error) {
    throw SettingsError(fmt::format("{}; see {} --help", error.what(), program_));
  }
  if (const auto extras = app.remaining(); !extras.empty()) {
    const std::string name = extras.front().substr(0, extras.front().find('='));
    for (const Setting& setting : settings_)
      if (setting.is_secret && flag_name(setting.name) == name)
        throw SettingsError(fmt::format("{} is a secret, and flags can be seen by everybody on the machine: use {} or {}", name,
                                        variable_name(setting.name), flag_name(setting.name + std::string(kSecretFileSuffix))));
    throw SettingsError(fmt::format("unknown argument {}{}", name, suggestion(name, true)));
  }
  for (const auto& [name, option] : options) {
    const auto& [parsed, text] = option;
    if (parsed->count() == 0) continue;
    const Setting* setting = find(name);
    values[name] = {setting->is_switch ? (switches.at(name) ? "true" : "false") : text, flag_name(name)};
  }
  return std::nullopt;
}

void SettingsReader::read_environment(const Environment& environment, RawValues& values, std::string& config) const {
  if (config.empty()) config = environment("ORDERSAGA_CONFIG").value_or("");
  for (const Setting& setting : settings_) {
    if (values.contains(setting.name)) continue;
    const std::string variable = variable_name(setting.name);
    if (const auto text = environment(variable)) values[setting.name] = {*text, variable};
  }
}

void SettingsReader::read_file(const std::string& path, RawValues& values) const {
  for (const FileValue& value : read_settings_file(path)) {
    const std::string place = fmt::format("{}:{}", path, value.line);
    const Setting* setting = find(value.name);
    if (setting == nullptr) throw SettingsError(fmt::format("{}: unknown setting {}{}", place, value.name, suggestion(value.name, false)));
    if (setting->is_secret)
      throw SettingsError(fmt::format("{}: {} is a secret and does not belong into this file: use {} or {}{}", place, value.name,
                                      variable_name(value.name), value.name, kSecretFileSuffix));
    values.try_emplace(value.name, Raw{value.text, place});
  }
}

std::optional<std::string> SettingsReader::read(int argc, const char* const* argv, const Environment& environment) {
  RawValues values;
  std::string config;
  if (auto text = read_flags(argc, argv, values, config)) return text;
  read_environment(environment, values, config);
  if (!config.empty()) read_file(config, values);
  for (Setting& setting : settings_) {
    const auto found = values.find(setting.name);
    if (found == values.end()) continue;
    const auto& [text, source] = found->second;
    try {
      setting.assign(text);
    } catch (const std::invalid_argument& reason) {
      throw SettingsError(fmt::format("{} = '{}' ({}): {}", setting.name, setting.is_secret ? Secret::kMask : text, source, reason.what()));
    }
    setting.source = source;
  }
  for (const Setting& setting : settings_) {
    const std::string file = setting.name + std::string(kSecretFileSuffix);
    if (setting.is_secret && values.contains(setting.name) && values.contains(file))
      throw SettingsError(fmt::format("{} ({}) and {} ({}) are both set: leave one", setting.name, values.at(setting.name).source, file,
                                      values.at(file).source));
  }
  return std::nullopt;
}

std::vector<SettingsReader::Effective> SettingsReader::effective() const {
  std::vector<Effective> all;
  for (const Setting& setting : settings_) all.push_back({setting.name, setting.print(), setting.source});
  return all;
}

}  // namespace ordersaga::runtime
