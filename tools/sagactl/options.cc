#include "tools/sagactl/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

#include "tools/sagactl/exit_code.h"

namespace ordersaga::sagactl {

namespace {

namespace fs = std::filesystem;

fs::path profile_folder(const runtime::Environment& environment) {
  if (auto xdg = environment("XDG_CONFIG_HOME"); xdg && !xdg->empty()) return fs::path(*xdg) / "ordersaga";
  if (auto home = environment("HOME"); home && !home->empty()) return fs::path(*home) / ".config" / "ordersaga";
  return fs::path();
}

void declare(runtime::SettingsReader& reader, Settings& s) {
  reader.add("database", s.database, "Postgres, as a libpq connection string or URI without a password");
  reader.add_secret("database_password", s.database_password, "password for Postgres");
  reader.add("brokers", s.brokers, "Kafka's bootstrap servers, host:port, separated by commas");
  reader.add("gateway_url", s.gateway_url, "payment gateway whose ledger verify reads, http://host:port");
  reader.add("carrier_url", s.carrier_url, "carrier whose ledger verify reads, http://host:port");
  reader.add("client", s.client, "name in the reply topic ordersaga.replies.<client>.v1");
}

}  // namespace

std::string profile_path(const std::string& profile, const runtime::Environment& environment) {
  return (profile_folder(environment) / (profile + ".toml")).string();
}

std::vector<std::string> profiles(const runtime::Environment& environment) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(profile_folder(environment), error))
    if (file.path().extension() == ".toml") names.push_back(file.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

Settings read_settings(const Overrides& overrides, const std::string& profile, const runtime::Environment& environment,
                       std::vector<runtime::SettingsReader::Effective>* effective) {
  std::vector<std::string> words{"sagactl"};
  for (const auto& [name, value] : overrides) {
    std::string flag = name;
    std::replace(flag.begin(), flag.end(), '_', '-');
    words.push_back(fmt::format("--{}={}", flag, value));
  }
  std::string named = profile.empty() ? environment("ORDERSAGA_PROFILE").value_or("") : profile;
  std::string path = profile_path(named.empty() ? "default" : named, environment);
  bool exists = fs::exists(path);
  if (!exists && !named.empty())
    throw Failure(ExitCode::usage, fmt::format("there is no profile '{}' ({})", named, path), "sagactl config profiles");
  // An ORDERSAGA_CONFIG of a daemon's must not be taken for ours.
  runtime::Environment ours = [&](const std::string& name) { return name == "ORDERSAGA_CONFIG" ? std::nullopt : environment(name); };
  if (exists) words.push_back("--config=" + path);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  Settings settings;
  runtime::SettingsReader reader("sagactl", "", "");
  declare(reader, settings);
  try {
    reader.read(static_cast<int>(argv.size()), argv.data(), ours);
  } catch (const runtime::SettingsError& error) {
    throw Failure(ExitCode::usage, error.what(), "sagactl config get");
  }
  if (effective != nullptr) *effective = reader.effective();
  return settings;
}

std::chrono::milliseconds parse_duration(const std::string& text, const std::string& flag) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  std::int64_t factor = unit == "ms" ? 1 : unit == "s" ? 1'000 : unit == "m" ? 60'000 : unit == "h" ? 3'600'000 : 0;
  if (error != std::errc() || factor == 0 || number < 0 || number > std::numeric_limits<std::int64_t>::max() / factor / 1'000'000)
    throw Failure(ExitCode::usage, fmt::format("{} '{}': write a time as 250ms, 5s, 2m or 1h", flag, text));
  return std::chrono::milliseconds(number * factor);
}

}  // namespace ordersaga::sagactl
