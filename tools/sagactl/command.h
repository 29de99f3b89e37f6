// How nouns and verbs are declared. A verb has its own struct of arguments, which its options are bound to.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "tools/sagactl/context.h"

namespace ordersaga::sagactl {

// What the arguments asked for; empty until they are parsed.
using Action = std::function<ExitCode(Context&)>;

// Declares `verb` of `noun`. When it is what was asked for, `chosen` runs it.
template <class Args>
CLI::App* add_verb(CLI::App& noun, Action& chosen, const std::string& verb, const std::string& help, void (*declare)(CLI::App&, Args&),
                   ExitCode (*run)(Context&, const Args&)) {
  CLI::App* app = noun.add_subcommand(verb, help);
  auto args = std::make_shared<Args>();  // shared: by the parser's targets and by the action that outlives parsing
  declare(*app, *args);
  app->callback([args, run, &chosen] { chosen = [args, run](Context& context) { return run(context, *args); }; });
  return app;
}

// The verb or noun of `app` that has this name; null when there is none.
const CLI::App* find_command(const CLI::App& app, const std::string& name);

// One noun, one file.
void add_order(CLI::App& app, Action& chosen);
void add_saga(CLI::App& app, Action& chosen);
void add_stock(CLI::App& app, Action& chosen);
void add_events(CLI::App& app, Action& chosen);
void add_topic(CLI::App& app, Action& chosen);
void add_outbox(CLI::App& app, Action& chosen);
void add_projection(CLI::App& app, Action& chosen);
void add_dlq(CLI::App& app, Action& chosen);
void add_verify(CLI::App& app, Action& chosen);
void add_db(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);
void add_config(CLI::App& app, Action& chosen);
void add_completion(CLI::App& app, Action& chosen);
void add_version(CLI::App& app, Action& chosen);

}  // namespace ordersaga::sagactl
