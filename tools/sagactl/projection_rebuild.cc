#include "tools/sagactl/projection_rebuild.h"

#include <fmt/format.h>

#include <cmath>

#include "events/postgres_event_store.h"
#include "projections/shadow.h"
#include "tools/sagactl/progress.h"

namespace ordersaga::sagactl {

namespace {

using projections::ShadowComparison;

constexpr const char* kProjectorRole = "ordersaga_projector";

struct RebuildArgs {
  std::string projection;
  bool restart = false;
  bool dry_run = false;
  int batch = 10'000;
  int examples = 20;
};

void declare_rebuild(CLI::App& app, RebuildArgs& args) {
  app.add_option("projection", args.projection)->required();
  app.add_flag("--restart", args.restart, "begin anew instead of going on where an earlier rebuild was stopped");
  app.add_flag("--dry-run", args.dry_run, "fold and compare, and leave the live rows as they are");
  app.add_option("--batch", args.batch, "records in one transaction")->check(CLI::Range(1, 100'000));
  app.add_option("--examples", args.examples, "differences to show")->check(CLI::Range(0, 1'000));
}

void tell(Context& context, const ShadowComparison& c) {
  context.say(fmt::format("{} rows compared: {} equal, {} different, {} changed meanwhile", c.rows, c.equal(), c.different, c.moving));
  for (const projections::ShadowDifference& d : c.examples) context.say(fmt::format("  {} {}: {}", d.table, d.key, d.what));
  if (c.examples.size() < c.different) context.say(fmt::format("  and {} more", c.different - c.examples.size()));
}

bool approve(Context& context, const RebuildArgs& args, const ShadowComparison& c) {
  tell(context, c);
  if (args.dry_run) return false;
  if (c.different == 0) return true;
  std::string question = fmt::format("{} rows of {} will change for its readers.", c.different, args.projection);
  if (context.confirm(question, args.projection)) return true;
  throw Failure(ExitCode::refused, "not confirmed; the live rows are as they were, and the rebuilt ones wait beside them",
                fmt::format("sagactl projection rebuild {}", args.projection));
}

projections::Rebuilt fold(Context& context, const RebuildArgs& args) {
  projections::RebuildOptions options;
  options.target = connection_string(context.settings, kProjectorRole).reveal();
  options.projection = args.projection;
  options.restart = args.restart;
  options.batch = static_cast<std::size_t>(args.batch);
  options.max_examples = static_cast<std::size_t>(args.examples);
  auto progress = std::make_unique<ProgressLine>(context.console, context.options, "rebuild");
  options.progress = [&](std::uint64_t folded, std::uint64_t in_shadow, std::uint64_t in_log) {
    throw_if_stopped();
    if (progress)
      progress->show(static_cast<std::int64_t>(in_shadow), static_cast<std::int64_t>(in_log), static_cast<std::int64_t>(folded), "records");
  };
  options.compared = [&](std::uint64_t) { throw_if_stopped(); };
  options.approve = [&](const ShadowComparison& c) {
    progress.reset();
    return approve(context, args, c);
  };
  try {
    events::PostgresEventStore log({.target = options.target});
    return projections::rebuild(log, *context.console.clock, options);
  } catch (const std::invalid_argument& unknown) {
    throw Failure(ExitCode::not_found, unknown.what(), "sagactl projection list");
  } catch (...) {
    rethrow_as_failure();
  }
}

// Connects as the projector: it writes read models.
ExitCode run_rebuild(Context& context, const RebuildArgs& args) {
  context.say(fmt::format("{} is folded from the log beside the live rows, which readers keep. Ctrl-C is safe: the same command goes on",
                          args.projection));
  const auto began = std::chrono::steady_clock::now();
  projections::Rebuilt rebuilt = fold(context, args);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  context.print_object({{"projection", "Projection"},
                        {"swapped", "Swapped in"},
                        {"resumed", "Resumed"},
                        {"records", "Records folded", Kind::number},
                        {"seconds", "Seconds", Kind::number},
                        {"rows", "Rows compared", Kind::number},
                        {"different", "Different", Kind::number},
                        {"moving", "Changed meanwhile", Kind::number},
                        {"swaps_tried", "Swaps tried", Kind::number},
                        {"swap_ms", "Swap, ms", Kind::number}},
                       {{"projection", args.projection},
                        {"swapped", rebuilt.swapped},
                        {"resumed", rebuilt.resumed},
                        {"records", rebuilt.folded},
                        {"seconds", std::round(seconds * 10) / 10},
                        {"rows", rebuilt.comparison.rows},
                        {"different", rebuilt.comparison.different},
                        {"moving", rebuilt.comparison.moving},
                        {"swaps_tried", rebuilt.swaps_tried},
                        {"swap_ms", static_cast<double>(rebuilt.swap.count()) / 1'000}});
  if (rebuilt.swapped) {
    context.say("next: sagactl projection verify");
    return ExitCode::ok;
  }
  context.say(fmt::format("nothing was changed; next: sagactl projection rebuild {}", args.projection));
  return rebuilt.comparison.different > 0 ? ExitCode::findings : ExitCode::ok;
}

}  // namespace

void add_projection_rebuild(CLI::App& noun, Action& chosen) {
  add_verb<RebuildArgs>(noun, chosen, "rebuild", "makes one anew from the log beside the live rows, then puts it in their place",
                        declare_rebuild, run_rebuild);
}

}  // namespace ordersaga::sagactl
