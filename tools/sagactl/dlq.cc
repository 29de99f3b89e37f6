// sagactl dlq list, groups, get, retry, discard: records that a projection could not apply. The projector itself redrives them, as
// asked through read.request_redrive; this only asks, and shows what came of it.
#include <fmt/format.h>

#include <map>
#include <optional>

#include "tools/sagactl/command.h"

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

// A group is what has one cause: its name follows from projection, code and type. What a rebuild under way has parked beside the
// live rows (projections named …__next) concerns nobody before it is swapped in.
constexpr Statement kList{
    "dlq_list",
    "SELECT to_json(t)::text FROM ("
    " SELECT m.shard || '/' || m.position AS record, m.projection, m.key, m.stream, m.version, m.type, m.code, m.reason,"
    "  left(md5(m.projection || '/' || m.code || '/' || m.type), 6) AS \"group\", m.parked_at"
    " FROM read.parked_messages m"
    " WHERE m.projection NOT LIKE '%\\_\\_next' AND ($1::text = '' OR m.projection = $1::text) AND ($2::text = '' OR m.key = $2::text)"
    " ORDER BY m.projection, m.shard, m.position LIMIT $3::text::bigint) t"};
constexpr Statement kGroups{
    "dlq_groups",
    "SELECT to_json(t)::text FROM ("
    " SELECT left(md5(m.projection || '/' || m.code || '/' || m.type), 6) AS \"group\", m.projection, m.code, m.type,"
    "  count(DISTINCT m.key) AS keys, count(*) AS records,"
    "  (SELECT count(*) FROM read.parked_messages b WHERE b.projection = m.projection AND b.code = 'BEHIND_PARKED'"
    "    AND b.key = ANY (array_agg(m.key))) AS behind,"
    "  min(m.parked_at) AS first, max(m.parked_at) AS last, min(m.reason) AS example"
    " FROM read.parked_messages m WHERE m.code <> 'BEHIND_PARKED' AND m.projection NOT LIKE '%\\_\\_next'"
    " GROUP BY m.projection, m.code, m.type ORDER BY count(*) DESC, 1) t"};
constexpr Statement kKeys{
    "dlq_keys",
    "SELECT p.projection, p.key, count(*), (array_agg(p.shard || '/' || p.position || ' ' || p.code ORDER BY p.position))[1]"
    " FROM read.parked_messages p"
    " WHERE p.projection NOT LIKE '%\\_\\_next' AND ($2::text = '' OR p.projection = $2::text) AND ($3::text = 'all' OR p.key = $1::text "
    "OR EXISTS ("
    "  SELECT FROM read.parked_messages m WHERE m.projection = p.projection AND m.key = p.key"
    "   AND m.code <> 'BEHIND_PARKED' AND left(md5(m.projection || '/' || m.code || '/' || m.type), 6) = $1::text))"
    " GROUP BY p.projection, p.key ORDER BY p.projection, min(p.parked_at), p.key"};
constexpr Statement kRequest{"dlq_request", "SELECT read.request_redrive($1::text, $2::text, $3::text, $4::text)"};
constexpr Statement kDone{"dlq_done",
                          "SELECT id, applied, discarded, remaining, trouble FROM read.projection_requests_done"
                          " WHERE id = ANY (string_to_array($1::text, ',')::bigint[])"};
constexpr auto kLookEvery = std::chrono::milliseconds(100);

const std::vector<Field>& list_fields() {
  static const std::vector<Field> fields = {{"record", "RECORD"},
                                            {"projection", "PROJECTION"},
                                            {"key", "KEY"},
                                            {"stream", "STREAM", Kind::text, Show::wide},
                                            {"version", "VERSION", Kind::number, Show::wide},
                                            {"type", "TYPE"},
                                            {"code", "CODE"},
                                            {"reason", "REASON"},
                                            {"group", "GROUP"},
                                            {"parked_at", "PARKED", Kind::time}};
  return fields;
}

const std::vector<Field>& group_fields() {
  static const std::vector<Field> fields = {{"group", "GROUP"},
                                            {"projection", "PROJECTION"},
                                            {"code", "ERROR"},
                                            {"type", "TYPE"},
                                            {"keys", "KEYS", Kind::number},
                                            {"records", "RECORDS", Kind::number},
                                            {"behind", "BEHIND", Kind::number},
                                            {"first", "FIRST", Kind::time},
                                            {"last", "LAST", Kind::time},
                                            {"example", "EXAMPLE", Kind::text, Show::wide}};
  return fields;
}

struct ListArgs {
  std::string projection;
  std::string key;
  int limit = 100;
};
void declare_list(CLI::App& app, ListArgs& args) {
  app.add_option("--projection", args.projection, "only this one's");
  app.add_option("--key", args.key, "only this order's or SKU's");
  app.add_option("--limit", args.limit, "at most so many")->check(CLI::Range(1, 100'000));
}

ExitCode run_list(Context& context, const ListArgs& args) {
  Listing listing{"records", list_fields(), {}, {}};
  listing.rows = context.database().select(kList, {args.projection, args.key, std::to_string(args.limit)}, listing.fields);
  if (!listing.rows.empty()) listing.next = "sagactl dlq groups; sagactl dlq retry " + listing.rows[0]["key"].get<std::string>();
  context.print(listing);
  return ExitCode::ok;
}

struct NoArgs {};
void declare_nothing(CLI::App&, NoArgs&) {}

ExitCode run_groups(Context& context, const NoArgs&) {
  Listing listing{"groups", group_fields(), context.database().select(kGroups, {}, group_fields()), {}};
  if (!listing.rows.empty()) listing.next = fmt::format("sagactl dlq retry {} --dry-run", listing.rows[0]["group"].get<std::string>());
  context.print(listing);
  return ExitCode::ok;
}

struct OneArgs {
  std::string key;
};
void declare_one(CLI::App& app, OneArgs& args) {
  app.add_option("key", args.key, "an order's id or a SKU")->required();
}

ExitCode run_get(Context& context, const OneArgs& args) {
  std::vector<Json> rows = context.database().select(kList, {"", args.key, "100000"}, list_fields());
  if (rows.empty()) throw Failure(ExitCode::not_found, fmt::format("nothing of '{}' is parked", args.key), "sagactl dlq list");
  std::string first = rows.front()["record"].get<std::string>();
  context.print({"records", list_fields(), std::move(rows), "sagactl events get " + first});
  return ExitCode::ok;
}

struct RedriveArgs {
  std::string what;
  std::string projection;
  bool all = false;
  bool dry_run = false;
  int rate = 100;
  std::string reason;
  bool whole_key = false;
};

void declare_what(CLI::App& app, RedriveArgs& args) {
  app.add_option("what", args.what, "a group (sagactl dlq groups), or a key: an order's id or a SKU");
  app.add_option("--projection", args.projection, "only this one's");
  app.add_flag("--dry-run", args.dry_run, "only say what would be done");
  app.add_option("--rate", args.rate, "at most so many keys a second")->check(CLI::Range(1, 10'000));
}
void declare_retry(CLI::App& app, RedriveArgs& args) {
  declare_what(app, args);
  app.add_flag("--all", args.all, "everything that is parked");
}
void declare_discard(CLI::App& app, RedriveArgs& args) {
  declare_what(app, args);
  app.add_option("--reason", args.reason, "for the audit")->required();
  app.add_flag("--whole-key", args.whole_key, "drop those behind it too, instead of applying them");
}

struct ParkedKey {
  std::string projection;
  std::string key;
  std::int64_t records;
  std::string first;
};

std::vector<ParkedKey> parked_keys(Context& context, const RedriveArgs& args) {
  if (args.what.empty() != args.all) throw Failure(ExitCode::usage, "name a group or a key, or --all", "sagactl dlq groups");
  std::vector<ParkedKey> keys;
  Database::Rows rows = context.database().query(kKeys, {args.what, args.projection, args.all ? "all" : ""});
  for (std::size_t r = 0; r < rows.size(); ++r)
    keys.push_back({std::string(rows.text(r, 0)), std::string(rows.text(r, 1)), rows.integer(r, 2), std::string(rows.text(r, 3))});
  if (keys.empty() && !args.all)
    throw Failure(ExitCode::not_found, fmt::format("nothing of '{}' is parked", args.what), "sagactl dlq groups");
  return keys;
}

struct Asked {
  ParkedKey key;
  std::optional<Json> result;  // null while the projector has not done it
};

void look(Context& context, std::map<std::int64_t, Asked>& asked) {
  std::string open;
  for (const auto& [id, a] : asked)
    if (!a.result) open += (open.empty() ? "" : ",") + std::to_string(id);
  if (open.empty()) return;
  Database::Rows rows = context.database().query(kDone, {open});
  for (std::size_t r = 0; r < rows.size(); ++r) {
    Asked& a = asked.at(rows.integer(r, 0));
    a.result = Json{{"projection", a.key.projection},  {"key", a.key.key},
                    {"applied", rows.integer(r, 1)},   {"discarded", rows.integer(r, 2)},
                    {"remaining", rows.integer(r, 3)}, {"trouble", std::string(rows.text(r, 4))}};
  }
}

ExitCode ask(Context& context, const RedriveArgs& args, const std::vector<ParkedKey>& keys, const std::string& action) {
  std::map<std::int64_t, Asked> asked;
  for (const ParkedKey& key : keys) {
    Database::Rows rows = context.database().query(kRequest, {key.projection, key.key, action, args.reason});
    if (!rows.is_null(0, 0)) asked[rows.integer(0, 0)] = {key, {}};
    if (&key != &keys.back()) context.pause(std::chrono::milliseconds(1'000 / args.rate));
  }
  auto all_done = [&] { return std::all_of(asked.begin(), asked.end(), [](const auto& a) { return a.second.result.has_value(); }); };
  for (look(context, asked); !all_done(); look(context, asked)) {
    if (context.out_of_time())
      throw Failure(ExitCode::timed_out, "the projector has not done all of it yet; it will",
                    "is a projector running? sagactl projection list; then sagactl dlq list");
    context.pause(kLookEvery);
  }
  Listing listing{"keys",
                  {{"projection", "PROJECTION"},
                   {"key", "KEY"},
                   {"applied", "APPLIED", Kind::number},
                   {"discarded", "DISCARDED", Kind::number},
                   {"remaining", "STILL PARKED", Kind::number},
                   {"trouble", "WHY"}},
                  {},
                  {}};
  bool remaining = false;
  for (auto& [id, a] : asked) {
    remaining |= (*a.result)["remaining"].get<std::int64_t>() > 0;
    listing.rows.push_back(std::move(*a.result));
  }
  if (remaining) listing.next = "sagactl dlq groups";
  context.print(listing);
  return remaining ? ExitCode::refused : ExitCode::ok;
}

std::int64_t records_of(const std::vector<ParkedKey>& keys) {
  std::int64_t records = 0;
  for (const ParkedKey& key : keys) records += key.records;
  return records;
}

ExitCode run_retry(Context& context, const RedriveArgs& args) {
  std::vector<ParkedKey> keys = parked_keys(context, args);
  if (args.dry_run) {
    context.say(fmt::format("would apply {} records of {} keys, in order, at no more than {} keys a second", records_of(keys), keys.size(),
                            args.rate));
    return ExitCode::ok;
  }
  return ask(context, args, keys, "RETRY");
}

ExitCode run_discard(Context& context, const RedriveArgs& args) {
  std::vector<ParkedKey> keys = parked_keys(context, args);
  std::string what = args.whole_key ? fmt::format("drop all {} parked records of {} keys", records_of(keys), keys.size())
                                    : fmt::format("drop the first parked record of {} keys, and apply those behind", keys.size());
  if (args.dry_run) {
    context.say("would " + what);
    for (const ParkedKey& key : keys) context.say(fmt::format("  {} {}: {}", key.projection, key.key, key.first));
    return ExitCode::ok;
  }
  if (!context.confirm(fmt::format("This will {}. The log keeps them; the read models will not show them.", what), args.what))
    return ExitCode::interrupted;
  return ask(context, args, keys, args.whole_key ? "DISCARD_ALL" : "DISCARD");
}

}  // namespace

void add_dlq(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("dlq", "records that a read model could not take, and those behind them")->require_subcommand(1);
  add_verb<ListArgs>(*noun, chosen, "list", "parked records, in order", declare_list, run_list);
  add_verb<NoArgs>(*noun, chosen, "groups", "by what is wrong with them", declare_nothing, run_groups);
  add_verb<OneArgs>(*noun, chosen, "get", "those of one key", declare_one, run_get);
  add_verb<RedriveArgs>(*noun, chosen, "retry", "has the projector apply them, in order by key", declare_retry, run_retry);
  add_verb<RedriveArgs>(*noun, chosen, "discard", "has the projector drop them; audited", declare_discard, run_discard);
}

}  // namespace ordersaga::sagactl
