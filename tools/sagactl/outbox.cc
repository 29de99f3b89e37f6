// sagactl outbox status, list, republish
#include <fmt/format.h>

#include "tools/sagactl/command.h"

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

// Each shard with its head, how far it is published (a cursor of an earlier epoch is worth no more than that epoch's end), and
// the oldest record behind that.
#define SHARDS                                                                                                                            \
  "SELECT w.shard, coalesce(h.position, 0) AS head, p.published, c.kafka_offset,"                                                         \
  " coalesce(h.position, 0) - p.published AS backlog,"                                                                                    \
  " greatest(0, extract(epoch FROM clock_timestamp() - o.recorded_at))::float8 AS oldest_age_s,"                                          \
  " t.reason AS halted, q.from_position AS republish_from, c.epoch, c.updated_at"                                                         \
  " FROM log.installation i CROSS JOIN LATERAL generate_series(0, i.shards - 1) AS w (shard)"                                             \
  " LEFT JOIN log.relay_cursors c ON c.shard = w.shard"                                                                                   \
  " CROSS JOIN LATERAL (SELECT coalesce(log.carried_over(c.shard, c.epoch, c.position), 0) AS published) p"                               \
  " LEFT JOIN log.relay_halts t ON t.shard = w.shard"                                                                                     \
  " LEFT JOIN log.republish_requests q ON q.shard = w.shard"                                                                              \
  " LEFT JOIN LATERAL (SELECT e.position FROM log.events e WHERE e.shard = w.shard::smallint ORDER BY e.position DESC LIMIT 1) h ON true" \
  " LEFT JOIN LATERAL (SELECT e.recorded_at FROM log.events e WHERE e.shard = w.shard::smallint"                                          \
  "   AND e.position > p.published ORDER BY e.position LIMIT 1) o ON true"

constexpr Statement kList{"outbox_list", "SELECT to_json(t)::text FROM (" SHARDS " ORDER BY w.shard) t"};

constexpr Statement kStatus{"outbox_status",
                            "SELECT to_json(t)::text FROM (SELECT count(*) AS shards, sum(head)::bigint AS records,"
                            " sum(published)::bigint AS published, sum(backlog)::bigint AS backlog, max(oldest_age_s) AS oldest_age_s,"
                            " count(halted) AS halted_shards, count(republish_from) AS to_republish, max(updated_at) AS last_moved"
                            " FROM (" SHARDS ") s) t"};
#undef SHARDS

constexpr Statement kShards{"outbox_shards", "SELECT shards FROM log.installation"};
constexpr Statement kRepublish{"outbox_republish", "SELECT log.request_republish($1::text::smallint[], $2::text::bigint)"};

const std::vector<Field>& list_fields() {
  static const std::vector<Field> fields = {{"shard", "SHARD", Kind::number},
                                            {"head", "HEAD", Kind::number},
                                            {"published", "PUBLISHED", Kind::number},
                                            {"backlog", "BACKLOG", Kind::number},
                                            {"oldest_age_s", "OLDEST (S)", Kind::number},
                                            {"republish_from", "REPUBLISH FROM", Kind::number},
                                            {"kafka_offset", "OFFSET", Kind::number, Show::wide},
                                            {"epoch", "EPOCH", Kind::number, Show::wide},
                                            {"updated_at", "MOVED", Kind::time},
                                            {"halted", "HALTED"}};
  return fields;
}

const std::vector<Field>& status_fields() {
  static const std::vector<Field> fields = {{"shards", "shards", Kind::number},
                                            {"records", "records", Kind::number},
                                            {"published", "published", Kind::number},
                                            {"backlog", "backlog", Kind::number},
                                            {"oldest_age_s", "oldest (s)", Kind::number},
                                            {"halted_shards", "halted shards", Kind::number},
                                            {"to_republish", "to republish", Kind::number},
                                            {"last_moved", "last moved", Kind::time}};
  return fields;
}

struct NoArgs {};
void declare_nothing(CLI::App&, NoArgs&) {}

ExitCode run_status(Context& context, const NoArgs&) {
  const std::vector<Json> rows = context.database().select(kStatus, {}, status_fields());
  context.print_object(status_fields(), rows.at(0));
  if (rows[0]["halted_shards"].get<int>() == 0) return ExitCode::ok;
  context.say("shards are halted: sagactl outbox list says why");
  return ExitCode::findings;
}

ExitCode run_list(Context& context, const NoArgs&) {
  Listing listing{"shards", list_fields(), {}, {}};
  listing.rows = context.database().select(kList, {}, listing.fields);
  context.print(listing);
  return ExitCode::ok;
}

struct RepublishArgs {
  std::int64_t from = 0;
  std::vector<int> shards;
  bool all = false;
};

void declare_republish(CLI::App& app, RepublishArgs& args) {
  app.add_option("--from", args.from, "the first position that is sent again")->required()->check(CLI::PositiveNumber);
  app.add_option("--shard", args.shards, "this shard (again for more)")->check(CLI::Range(0, 255));
  app.add_flag("--all", args.all, "every shard");
}

ExitCode run_republish(Context& context, const RepublishArgs& args) {
  if (args.all == !args.shards.empty()) throw Failure(ExitCode::usage, "name shards by --shard, or say --all");
  std::vector<int> shards = args.shards;
  if (args.all) {
    const auto installed = context.database().query(kShards).integer(0, 0);
    for (int s = 0; s < installed; ++s) shards.push_back(s);
  }
  if (!context.confirm(fmt::format("Every record of {} from position {} on is sent to Kafka once more; consumers that count positions "
                                   "drop what they have had, others take it twice.",
                                   args.all ? "every shard" : fmt::format("shards {}", fmt::join(shards, ", ")), args.from),
                       "republish"))
    return ExitCode::refused;
  context.database().query(kRepublish, {fmt::format("{{{}}}", fmt::join(shards, ",")), std::to_string(args.from)});
  context.say(fmt::format("asked for {} shards; the relay takes it up within a second: sagactl outbox list", shards.size()));
  return ExitCode::ok;
}

}  // namespace

void add_outbox(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("outbox", "what of the log is published")->require_subcommand(1);
  add_verb<NoArgs>(*noun, chosen, "status", "backlog, its age, and halted shards; exit 8 when there are any", declare_nothing, run_status);
  add_verb<NoArgs>(*noun, chosen, "list", "every shard's head and cursor, and why it is halted", declare_nothing, run_list);
  add_verb<RepublishArgs>(*noun, chosen, "republish", "send records to Kafka once more, from a position on", declare_republish,
                          run_republish);
}

}  // namespace ordersaga::sagactl
