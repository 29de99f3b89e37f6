// sagactl config get, set, profiles
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "tools/sagactl/command.h"

namespace ordersaga::sagactl {

namespace fs = std::filesystem;

namespace {

struct NoArgs {};
void declare_nothing(CLI::App&, NoArgs&) {}

ExitCode run_get(Context& context, const NoArgs&) {
  std::vector<runtime::SettingsReader::Effective> effective;
  read_settings(context.overrides, context.profile, context.console.environment, &effective);
  Listing listing{"settings", {{"setting", "SETTING"}, {"value", "VALUE"}, {"source", "FROM"}}, {}, {}};
  for (const auto& e : effective) listing.rows.push_back({{"setting", e.name}, {"value", e.value}, {"source", e.source}});
  context.print(listing);
  return ExitCode::ok;
}

ExitCode run_profiles(Context& context, const NoArgs&) {
  Listing listing{"profiles", {{"profile", "PROFILE"}, {"file", "FILE"}}, {}, {}};
  for (const std::string& name : profiles(context.console.environment))
    listing.rows.push_back({{"profile", name}, {"file", profile_path(name, context.console.environment)}});
  context.print(listing);
  return ExitCode::ok;
}

struct SetArgs {
  std::string profile = "default";
  std::string setting;
  std::string value;
};

void declare_set(CLI::App& app, SetArgs& args) {
  app.add_option("profile", args.profile, "name of the profile, made when it is new")->required();
  app.add_option("setting", args.setting, "database, brokers, gateway_url, carrier_url, client or database_password_file")->required();
  app.add_option("value", args.value)->required();
}

// A basic string of TOML.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) throw Failure(ExitCode::usage, "a setting holds no control characters");
    out += c;
  }
  return out + "\"";
}

std::string key_of(const std::string& line) {
  auto equals = line.find('=');
  if (equals == std::string::npos) return "";
  std::string key = line.substr(0, equals);
  key.erase(key.find_last_not_of(" \t") + 1);
  return key.substr(std::min(key.find_first_not_of(" \t"), key.size()));
}

void write(const std::string& path, const std::string& text) {
  std::string temporary = path + ".new";
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  if (file) fs::rename(temporary, path, error);
  if (!file || error) throw Failure(ExitCode::failed, fmt::format("cannot write {}", path));
}

ExitCode run_set(Context& context, const SetArgs& args) {
  if (!is_valid_id(args.profile) || args.profile.front() == '.')
    throw Failure(ExitCode::usage, fmt::format("'{}' is no profile's name", args.profile));
  std::string path = profile_path(args.profile, context.console.environment);
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  std::optional<std::string> before;
  std::string text;
  bool replaced = false;
  std::string line_of_it = fmt::format("{} = {}\n", args.setting, quoted(args.value));
  if (std::ifstream file(path); file) {
    std::stringstream all;
    all << file.rdbuf();
    before = all.str();
    std::istringstream lines(*before);
    for (std::string line; std::getline(lines, line);) {
      bool is_it = key_of(line) == args.setting;
      text += is_it ? (replaced ? "" : line_of_it) : line + "\n";
      replaced = replaced || is_it;
    }
  }
  if (!replaced) text += line_of_it;
  write(path, text);
  try {
    read_settings({}, args.profile, [&](const std::string& name) {
      return name.starts_with("ORDERSAGA_") ? std::nullopt : context.console.environment(name);
    });
  } catch (const Failure&) {
    if (before)
      write(path, *before);
    else
      fs::remove(path, error);
    throw;
  }
  context.say(fmt::format("{}: {}", path, line_of_it.substr(0, line_of_it.size() - 1)));
  return ExitCode::ok;
}

}  // namespace

void add_config(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("config", "connection settings")->require_subcommand(1);
  add_verb<NoArgs>(*noun, chosen, "get", "settings in effect, and where each comes from", declare_nothing, run_get);
  add_verb<SetArgs>(*noun, chosen, "set", "write a setting into a profile", declare_set, run_set);
  add_verb<NoArgs>(*noun, chosen, "profiles", "profiles that exist", declare_nothing, run_profiles);
}

}  // namespace ordersaga::sagactl
