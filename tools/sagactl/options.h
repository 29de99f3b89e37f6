// What every command understands, and where it finds the system.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "runtime/secret.h"
#include "runtime/settings.h"
#include "tools/sagactl/output.h"

namespace ordersaga::sagactl {

enum class ProgressStyle { automatic, plain, json, none };

struct Options {
  Format format = Format::table;
  TimeFormat times = TimeFormat::relative;
  bool color = false;
  std::chrono::milliseconds timeout = std::chrono::seconds(30);
  bool wait = false;     // for what is not there yet: servers that start, rows that are on their way
  bool quiet = false;    // data only
  bool verbose = false;  // what is asked of whom, on stderr
  bool yes = false;      // no confirmation
  ProgressStyle progress = ProgressStyle::automatic;
};

// Connection settings: --flag, then ORDERSAGA_<NAME>, then the profile's file.
struct Settings {
  std::string database = "dbname=ordersaga";
  runtime::Secret database_password;
  std::string brokers = "127.0.0.1:9092";
  std::string gateway_url;
  std::string carrier_url;
  // Replies come on ordersaga.replies.<client>.v1.
  std::string client = "sagactl";
};

// Flags by setting ("database"), those that were given.
using Overrides = std::map<std::string, std::string>;

// Where the profile's file is: <configuration folder>/ordersaga/<profile>.toml.
std::string profile_path(const std::string& profile, const runtime::Environment& environment);
// Profiles that exist, by name.
std::vector<std::string> profiles(const runtime::Environment& environment);

// `profile` empty: ORDERSAGA_PROFILE, else "default", whose file need not exist. `effective`, when not null, gets every
// setting with its source. Throws Failure{usage}.
Settings read_settings(const Overrides& overrides, const std::string& profile, const runtime::Environment& environment,
                       std::vector<runtime::SettingsReader::Effective>* effective = nullptr);

// "250ms", "5s", "2m", "1h". Throws Failure{usage}, which names `flag`.
std::chrono::milliseconds parse_duration(const std::string& text, const std::string& flag);

}  // namespace ordersaga::sagactl
