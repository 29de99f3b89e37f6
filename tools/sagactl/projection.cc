// sagactl projection list, get, verify, pause, resume
#include <fmt/format.h>

#include "projections/postgres_read_store.h"
#include "projections/rebuild.h"
#include "tools/sagactl/command.h"
#include "tools/sagactl/progress.h"
#include "tools/sagactl/projection_rebuild.h"

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

constexpr Statement kList{
    "projection_list",
    "SELECT to_json(t)::text FROM ("
    " SELECT c.projection, CASE WHEN max(p.paused_at) IS NULL THEN 'RUNNING' ELSE 'PAUSED' END AS state, count(*) AS shards,"
    "  sum(c.position)::bigint AS applied, sum(greatest(h.position - c.position, 0))::bigint AS behind,"
    "  (SELECT count(*) FROM read.parked_messages m WHERE m.projection = c.projection) AS parked,"
    "  (SELECT sum(n.position)::bigint FROM read.projection_checkpoint n WHERE n.projection = c.projection || '__next') AS rebuilt,"
    "  max(c.epoch) AS epoch, max(c.updated_at) AS updated_at, max(p.actor) AS paused_by, max(p.reason) AS pause_reason"
    " FROM read.projection_checkpoint c"
    " CROSS JOIN LATERAL (SELECT coalesce((SELECT e.position FROM log.events e WHERE e.shard = c.shard"
    "  ORDER BY e.position DESC LIMIT 1), 0) AS position) h"
    " LEFT JOIN read.projection_pauses p ON p.projection = c.projection"
    " WHERE c.projection NOT LIKE '%\\_\\_next' AND ($1::text = '' OR c.projection = $1::text)"
    " GROUP BY c.projection ORDER BY c.projection) t"};
constexpr Statement kShards{
    "projection_shards",
    "SELECT to_json(t)::text FROM ("
    " SELECT c.shard, c.epoch, c.position, h.position AS head, greatest(h.position - c.position, 0) AS behind,"
    "  (SELECT count(*) FROM read.parked_messages m WHERE m.projection = c.projection AND m.shard = c.shard) AS parked, c.updated_at"
    " FROM read.projection_checkpoint c"
    " CROSS JOIN LATERAL (SELECT coalesce((SELECT e.position FROM log.events e WHERE e.shard = c.shard"
    "  ORDER BY e.position DESC LIMIT 1), 0) AS position) h"
    " WHERE c.projection = $1::text ORDER BY c.shard) t"};
constexpr Statement kPause{"projection_pause", "SELECT read.pause_projection($1::text, $2::text)"};
constexpr Statement kResume{"projection_resume", "SELECT read.resume_projection($1::text)"};
constexpr std::size_t kMaxDifferences = 1'000;

const std::vector<Field>& list_fields() {
  static const std::vector<Field> fields = {{"projection", "PROJECTION"},
                                            {"state", "STATE", Kind::state},
                                            {"shards", "SHARDS", Kind::number},
                                            {"applied", "APPLIED", Kind::number},
                                            {"behind", "BEHIND", Kind::number},
                                            {"parked", "PARKED", Kind::number},
                                            {"rebuilt", "REBUILT", Kind::number, Show::wide},
                                            {"epoch", "EPOCH", Kind::number, Show::wide},
                                            {"updated_at", "UPDATED", Kind::time},
                                            {"paused_by", "PAUSED BY", Kind::text, Show::wide},
                                            {"pause_reason", "WHY", Kind::text, Show::wide}};
  return fields;
}

const std::vector<Field>& shard_fields() {
  static const std::vector<Field> fields = {{"shard", "SHARD", Kind::number},      {"epoch", "EPOCH", Kind::number},
                                            {"position", "APPLIED", Kind::number}, {"head", "HEAD", Kind::number},
                                            {"behind", "BEHIND", Kind::number},    {"parked", "PARKED", Kind::number},
                                            {"updated_at", "UPDATED", Kind::time}};
  return fields;
}

struct NoArgs {};
void declare_nothing(CLI::App&, NoArgs&) {}

ExitCode run_list(Context& context, const NoArgs&) {
  Listing listing{"projections", list_fields(), context.database().select(kList, {""}, list_fields()), {}};
  for (const Json& row : listing.rows)
    if (row["parked"].get<std::int64_t>() > 0) listing.next = "sagactl dlq groups";
  context.print(listing);
  return ExitCode::ok;
}

struct OneArgs {
  std::string projection;
};
void declare_one(CLI::App& app, OneArgs& args) {
  app.add_option("projection", args.projection)->required();
}

void must_exist(Context& context, const std::string& projection) {
  if (context.database().select(kList, {projection}, list_fields()).empty())
    throw Failure(ExitCode::not_found, fmt::format("there is no projection '{}'", projection), "sagactl projection list");
}

ExitCode run_get(Context& context, const OneArgs& args) {
  must_exist(context, args.projection);
  context.print({"shards", shard_fields(), context.database().select(kShards, {args.projection}, shard_fields()), {}});
  return ExitCode::ok;
}

struct PauseArgs {
  std::string projection;
  std::string reason;
};
void declare_pause(CLI::App& app, PauseArgs& args) {
  app.add_option("projection", args.projection)->required();
  app.add_option("--reason", args.reason, "for those who will wonder")->required();
}

ExitCode run_pause(Context& context, const PauseArgs& args) {
  must_exist(context, args.projection);
  if (!context.database().query(kPause, {args.projection, args.reason}).boolean(0, 0))
    throw Failure(ExitCode::refused, fmt::format("{} is paused already", args.projection), "sagactl projection list -o wide");
  context.say(fmt::format("{} stands still within a second, until: sagactl projection resume {}", args.projection, args.projection));
  return ExitCode::ok;
}

ExitCode run_resume(Context& context, const OneArgs& args) {
  must_exist(context, args.projection);
  if (!context.database().query(kResume, {args.projection}).boolean(0, 0))
    throw Failure(ExitCode::refused, fmt::format("{} is not paused", args.projection));
  context.say(fmt::format("{} goes on within a second", args.projection));
  return ExitCode::ok;
}

// Reads what the log says of every shard, and compares. Other than verify projections it needs no Kafka and names each column.
ExitCode run_verify(Context& context, const NoArgs&) {
  std::string target = connection_string(context.settings).reveal();
  std::vector<Json> rows;
  try {
    events::EventStore& log = context.store();
    projections::PostgresReadStore live(target);
    ProgressLine progress(context.console, context.options, "verify");
    std::int64_t total = 0, done = 0;
    for (const events::ShardHead& head : log.heads()) total += head.position.value;
    for (int s = 0; s < log.shards(); ++s) {
      throw_if_stopped();
      Shard shard(static_cast<std::int16_t>(s));
      projections::Comparison c = projections::compare_with_rebuild(log, live, {&shard, 1}, kMaxDifferences, [&](std::uint64_t records) {
        progress.show(done + static_cast<std::int64_t>(records), 3 * total, done + static_cast<std::int64_t>(records), "records");
      });
      done += static_cast<std::int64_t>(c.records);
      for (const projections::Difference& d : c.differences)
        rows.push_back({{"shard", d.shard.value}, {"table", d.table}, {"key", d.key}, {"difference", d.what}});
    }
  } catch (...) {
    rethrow_as_failure();
  }
  bool differs = !rows.empty();
  context.print({"differences",
                 {{"shard", "SHARD", Kind::number}, {"table", "TABLE"}, {"key", "ROW"}, {"difference", "DIFFERENCE"}},
                 std::move(rows),
                 {}});
  return differs ? ExitCode::findings : ExitCode::ok;
}

}  // namespace

void add_projection(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("projection", "read models: how far they are, and their control")->require_subcommand(1);
  add_verb<NoArgs>(*noun, chosen, "list", "all, and how far behind the log they are", declare_nothing, run_list);
  add_verb<OneArgs>(*noun, chosen, "get", "one, shard by shard", declare_one, run_get);
  add_projection_rebuild(*noun, chosen);
  add_verb<NoArgs>(*noun, chosen, "verify", "compares every row with what the log makes", declare_nothing, run_verify);
  add_verb<PauseArgs>(*noun, chosen, "pause", "lets one stand still; its rows stay as they are", declare_pause, run_pause);
  add_verb<OneArgs>(*noun, chosen, "resume", "lets it go on; what passed it by is read from the log", declare_one, run_resume);
}

}  // namespace ordersaga::sagactl
