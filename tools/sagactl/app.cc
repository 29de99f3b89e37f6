#include "tools/sagactl/app.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/kafka/client.h"
#include "runtime/settings.h"
#include "tools/sagactl/completion.h"

namespace ordersaga::sagactl {

namespace {

void add_global_flags(CLI::App& app, GlobalFlags& f) {
  app.add_option("-o,--output", f.output, "table, wide, json, jsonl, csv or none")
      ->check(CLI::IsMember({"table", "wide", "json", "jsonl", "csv", "none"}))
      ->envname("ORDERSAGA_OUTPUT");
  app.add_option("--time-format", f.time_format, "relative, iso or raw (microseconds since 1970)")
      ->check(CLI::IsMember({"relative", "iso", "raw"}));
  app.add_option("--color", f.color, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_option("--progress", f.progress, "auto, plain, json or none")->check(CLI::IsMember({"auto", "plain", "json", "none"}));
  app.add_option("--timeout", f.timeout, "how long to wait for an answer: 250ms, 5s, 2m, 1h (default 30s)");
  app.add_option("--profile", f.profile, "connection settings of this name (see config profiles)");
  app.add_flag("--wait", f.wait, "wait for what is not there yet, until the timeout");
  app.add_flag("-q,--quiet", f.quiet, "data only");
  app.add_flag("-v,--verbose", f.verbose, "say what is asked of whom");
  app.add_flag("-y,--yes", f.yes, "do not ask for confirmation");
  auto setting = [&](const std::string& flag, const std::string& name, const std::string& help) {
    app.add_option_function<std::string>(
           "--" + flag, [&f, name](const std::string& value) { f.settings[name] = value; }, help)
        ->group("Connection");
  };
  setting("database", "database", "Postgres: libpq connection string or URI, without a password");
  setting("database-password-file", "database_password_file", "file that holds the password");
  setting("brokers", "brokers", "Kafka's bootstrap servers");
  setting("gateway-url", "gateway_url", "payment gateway whose ledger verify reads");
  setting("carrier-url", "carrier_url", "carrier whose ledger verify reads");
  setting("client", "client", "replies come on ordersaga.replies.<client>.v1");
  // So that a flag may overrule the one in a shell's alias.
  for (CLI::Option* option : app.get_options())
    if (option->get_expected_min() > 0) option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

// Whether NO_COLOR and its relatives, the terminal and the flag want colours.
bool wants_color(const std::string& flag, const Console& console) {
  if (flag != "auto") return flag == "always";
  auto is_set = [&](const char* name) { return console.environment(name).value_or("") != ""; };
  if (is_set("NO_COLOR") || console.environment("CLICOLOR").value_or("") == "0") return false;
  if (is_set("CLICOLOR_FORCE") && console.environment("CLICOLOR_FORCE") != "0") return true;
  return console.out_is_terminal && console.environment("TERM").value_or("") != "dumb";
}

Format format_of(const std::string& name) {
  if (name == "wide") return Format::wide;
  if (name == "json") return Format::json;
  if (name == "jsonl") return Format::jsonl;
  if (name == "csv") return Format::csv;
  if (name == "none") return Format::none;
  return Format::table;
}

Options options_of(const GlobalFlags& f, const Console& console) {
  Options options;
  options.format = format_of(f.output);
  options.times = f.time_format == "iso" ? TimeFormat::iso : f.time_format == "raw" ? TimeFormat::raw : TimeFormat::relative;
  options.color = wants_color(f.color, console);
  if (!f.timeout.empty()) options.timeout = parse_duration(f.timeout, "--timeout");
  options.wait = f.wait;
  options.quiet = f.quiet;
  options.verbose = f.verbose;
  options.yes = f.yes;
  options.progress = f.progress == "plain"  ? ProgressStyle::plain
                     : f.progress == "json" ? ProgressStyle::json
                     : f.progress == "none" ? ProgressStyle::none
                                            : ProgressStyle::automatic;
  return options;
}

// The deepest command that the words name, and the first word that names none where one was needed.
struct Walk {
  const CLI::App* app;
  std::string path;
  std::string unknown;
};
Walk walk(const CLI::App& root, const std::vector<std::string>& words) {
  Walk at{&root, "sagactl", {}};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.starts_with("-")) {
      // A global flag's value is no command.
      const CLI::Option* option = root.get_option_no_throw(word);
      if (option != nullptr && option->get_expected_min() > 0) ++i;
      continue;
    }
    const CLI::App* next = find_command(*at.app, word);
    if (next == nullptr) {
      if (at.app->get_require_subcommand_min() > 0) at.unknown = word;
      return at;
    }
    at.app = next;
    at.path += " " + word;
  }
  return at;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!sub->get_group().empty()) names.push_back(sub->get_name());
  return names;
}

std::vector<std::string> flag_names(const CLI::App& root, const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* a : {&root, &app})
    for (const CLI::Option* option : a->get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

int report(const Failure& failure, Console& console) {
  console.err << "sagactl: " << failure.what() << "\n";
  if (!failure.next.empty()) console.err << "next: " << failure.next << "\n";
  return static_cast<int>(failure.code);
}

Failure usage_failure(const CLI::App& root, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  Walk at = walk(root, arguments);
  auto meant = [](const std::string& near) { return near.empty() ? std::string() : fmt::format("; did you mean {}?", near); };
  if (!at.unknown.empty())
    return {ExitCode::usage,
            fmt::format("{} has no '{}'{}", at.path, at.unknown, meant(runtime::nearest(at.unknown, command_names(*at.app)))),
            at.path + " --help"};
  if (at.app->get_require_subcommand_min() > 0)
    return {ExitCode::usage, fmt::format("{} what? {}", at.path, fmt::join(command_names(*at.app), ", ")), at.path + " --help"};
  for (const std::string& word : arguments) {
    if (!word.starts_with("--")) continue;
    std::string flag = word.substr(0, word.find('='));
    std::vector<std::string> known = flag_names(root, *at.app);
    if (std::find(known.begin(), known.end(), flag) == known.end())
      return {ExitCode::usage, fmt::format("{} has no {}{}", at.path, flag, meant(runtime::nearest(flag, known))), at.path + " --help"};
  }
  std::string what = error.what();
  std::replace(what.begin(), what.end(), '\n', ' ');
  return {ExitCode::usage, what, at.path + " --help"};
}

int execute(const Action& chosen, const GlobalFlags& flags, Console& console) {
  try {
    Options options = options_of(flags, console);
    Settings settings = read_settings(flags.settings, flags.profile, console.environment);
    Context context(console, std::move(options), std::move(settings), flags.profile, flags.settings);
    ExitCode code = chosen(context);
    console.out.flush();
    if (!console.out) return static_cast<int>(ExitCode::failed);
    return static_cast<int>(code);
  } catch (const Failure& failure) {
    console.out.flush();
    return report(failure, console);
  } catch (const runtime::kafka::KafkaError& error) {
    return report({ExitCode::unreachable, fmt::format("Kafka: {}", error.what()), "check --brokers or ORDERSAGA_BROKERS; sagactl doctor"},
                  console);
  } catch (const std::exception& error) {
    return report({ExitCode::failed, error.what()}, console);
  }
}

}  // namespace

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    if (sub->get_name() == name) return sub;
  return nullptr;
}

std::unique_ptr<CLI::App> make_app(GlobalFlags& flags, Action& chosen) {
  auto app = std::make_unique<CLI::App>("Operators' and analysts' tool of Ordersaga.", "sagactl");
  app->fallthrough();
  app->require_subcommand(1);
  app->set_help_all_flag("--help-all", "help of every command");
  add_global_flags(*app, flags);
  add_order(*app, chosen);
  add_saga(*app, chosen);
  add_stock(*app, chosen);
  add_events(*app, chosen);
  add_topic(*app, chosen);
  add_outbox(*app, chosen);
  add_projection(*app, chosen);
  add_dlq(*app, chosen);
  add_verify(*app, chosen);
  add_db(*app, chosen);
  add_doctor(*app, chosen);
  add_config(*app, chosen);
  add_completion(*app, chosen);
  add_version(*app, chosen);
  app->footer(
      "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 refused, 6 time ran out, 7 unreachable,\n"
      "8 findings, 130 interrupted. Settings: flags, ORDERSAGA_* environment, profile (sagactl config get).");
  return app;
}

int run(const std::vector<std::string>& arguments, Console& console) {
  if (!arguments.empty() && arguments.front() == kCompleteCommand) return run_complete({arguments.begin() + 1, arguments.end()}, console);
  GlobalFlags flags;
  Action chosen;
  std::unique_ptr<CLI::App> app = make_app(flags, chosen);
  try {
    app->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 wants them reversed
  } catch (const CLI::CallForHelp&) {
    console.out << app->help();
    return 0;
  } catch (const CLI::CallForAllHelp&) {
    console.out << app->help("", CLI::AppFormatMode::All);
    return 0;
  } catch (const CLI::ParseError& error) {
    return report(usage_failure(*app, error, arguments), console);
  } catch (const Failure& failure) {
    return report(failure, console);
  }
  return execute(chosen, flags, console);
}

}  // namespace ordersaga::sagactl
