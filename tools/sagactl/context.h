// What a command has at hand while it runs: the console, what it was told, and connections made at their first use.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "events/event_store.h"
#include "runtime/kafka/client.h"
#include "tools/sagactl/console.h"
#include "tools/sagactl/database.h"
#include "tools/sagactl/exit_code.h"
#include "tools/sagactl/options.h"

namespace ordersaga::sagactl {

class Context {
 public:
  Context(Console& console_, Options options_, Settings settings_, std::string profile_, Overrides overrides_);

  Console& console;
  const Options options;
  const Settings settings;
  const std::string profile;
  const Overrides overrides;

  // Read models and everything else that has no port.
  Database& database();
  // The log. Throws Failure as the database does.
  events::EventStore& store();
  runtime::kafka::Config kafka() const;

  Timestamp now() const { return console.clock->now(); }
  // --timeout after the command began.
  bool out_of_time() const { return std::chrono::steady_clock::now() >= deadline_; }
  std::chrono::milliseconds time_left() const;
  // Sleeps a little between two looks at something. Throws when interrupted.
  void pause(std::chrono::milliseconds how_long) const;

  Style style() const;
  void print(const Listing& listing) { sagactl::print(listing, style(), console); }
  void print_object(const std::vector<Field>& fields, const Json& object) { sagactl::print_object(fields, object, style(), console); }
  // A line on stderr: what happened (not with --quiet), and what is being asked of whom (with --verbose).
  void say(std::string_view line);
  void explain(std::string_view line);
  // Whether the user agrees to something that cannot be taken back, by typing `word` or by --yes. Throws Failure{usage}
  // when nobody can be asked.
  bool confirm(std::string_view question, std::string_view word);

 private:
  std::chrono::steady_clock::time_point deadline_;
  std::optional<Database> database_;
  std::unique_ptr<events::EventStore> store_;
};

}  // namespace ordersaga::sagactl
