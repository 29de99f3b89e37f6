#include "tools/sagactl/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "events/postgres_event_store.h"

namespace ordersaga::sagactl {

Context::Context(Console& console_, Options options_, Settings settings_, std::string profile_, Overrides overrides_)
    : console(console_),
      options(std::move(options_)),
      settings(std::move(settings_)),
      profile(std::move(profile_)),
      overrides(std::move(overrides_)),
      deadline_(std::chrono::steady_clock::now() + options.timeout) {}

Database& Context::database() {
  if (!database_) database_.emplace(settings, options.timeout, options.wait);
  return *database_;
}

events::EventStore& Context::store() {
  if (store_) return *store_;
  database().installation();  // says first, in sagactl's words, what may be wrong
  try {
    store_ = std::make_unique<events::PostgresEventStore>(events::PostgresStoreOptions{.target = connection_string(settings).reveal()});
  } catch (...) {
    rethrow_as_failure();
  }
  return *store_;
}

runtime::kafka::Config Context::kafka() const {
  runtime::kafka::Config config;
  config.brokers = settings.brokers;
  config.client_id = "sagactl";
  bool verbose = options.verbose;
  config.log = [&err = console.err, verbose](runtime::kafka::Severity severity, std::string_view text) {
    if (verbose && severity >= runtime::kafka::Severity::warning) err << fmt::format("kafka: {}\n", text);
  };
  return config;
}

std::chrono::milliseconds Context::time_left() const {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

void Context::pause(std::chrono::milliseconds how_long) const {
  throw_if_stopped();
  std::this_thread::sleep_for(std::min(how_long, time_left()));
  throw_if_stopped();
}

Style Context::style() const {
  return {.format = options.format, .times = options.times, .color = options.color, .quiet = options.quiet, .now = now()};
}

void Context::say(std::string_view line) {
  if (!options.quiet) console.err << line << "\n";
}

void Context::explain(std::string_view line) {
  if (options.verbose) console.err << line << "\n";
}

bool Context::confirm(std::string_view question, std::string_view word) {
  if (options.yes) return true;
  if (!console.in_is_terminal) throw Failure(ExitCode::usage, fmt::format("{} Nobody can be asked here", question), "say --yes");
  console.err << fmt::format("{} Type {} to go on: ", question, word) << std::flush;
  std::string answer;
  std::getline(console.in, answer);
  return answer == word;
}

}  // namespace ordersaga::sagactl
