// sagactl saga list, get, timeline
#include <fmt/format.h>

#include "tools/sagactl/command.h"
#include "tools/sagactl/find.h"
#include "tools/sagactl/log_read.h"
#include "tools/sagactl/log_view.h"
#include "tools/sagactl/read_after.h"
#include "tools/sagactl/timeline.h"

namespace ordersaga::sagactl {

namespace {

using runtime::postgres::Statement;

// "stuck" is what people call what waits for an operator.
constexpr Statement kList{
    "saga_list",
    "SELECT to_json(t)::text FROM ("
    " SELECT substr(s.saga, 6) AS saga_id, s.type, s.order_id, s.order_number, s.state, s.current_step, s.attempts, s.started_at,"
    "  s.next_wakeup_at AS next_attempt_at, s.ended_at, s.code, s.message, s.version"
    " FROM read.sagas s"
    " WHERE ($1::text = '' OR s.state = ANY (string_to_array("
    "   replace(replace(upper($1::text), 'STUCK', 'PARKED,COMPENSATION_FAILED'), 'LIVE', 'RUNNING,COMPENSATING'), ',')))"
    "  AND (upper($1::text) <> 'STUCK' OR s.stuck)"
    "  AND ($2::text = '' OR s.type = $2::text) AND ($3::text = '' OR s.order_id = $3::text)"
    " ORDER BY s.started_at DESC, s.saga LIMIT $4::text::bigint) t"};
constexpr Statement kGet{"saga_get",
                         "SELECT to_json(t)::text FROM ("
                         " SELECT substr(s.saga, 6) AS saga_id, s.type, s.order_id, s.order_number, s.state, s.current_step, s.attempts,"
                         "  s.pivot_passed, s.started_at, s.updated_at, s.ended_at, s.next_wakeup_at AS next_attempt_at, s.code, s.message,"
                         "  s.definition_version, s.correlation_id, s.traceparent, s.version, s.shard, s.position"
                         " FROM read.sagas s WHERE s.type = split_part($1::text, '-', 2)"
                         "  AND s.order_id = substr($1::text, length(split_part($1::text, '-', 2)) + 7)) t"};

const std::vector<Field>& list_fields() {
  static const std::vector<Field> fields = {{"saga_id", "SAGA"},
                                            {"type", "TYPE", Kind::text, Show::wide},
                                            {"order_id", "", Kind::text, Show::never},
                                            {"order_number", "ORDER"},
                                            {"state", "STATE", Kind::state},
                                            {"current_step", "STEP"},
                                            {"attempts", "TRIES", Kind::number},
                                            {"started_at", "STARTED", Kind::time},
                                            {"next_attempt_at", "NEXT", Kind::time},
                                            {"ended_at", "ENDED", Kind::time, Show::wide},
                                            {"code", "CODE"},
                                            {"message", "MESSAGE", Kind::text, Show::wide},
                                            {"version", "", Kind::number, Show::never}};
  return fields;
}

const std::vector<Field>& get_fields() {
  static const std::vector<Field> fields = {{"saga_id", "Saga"},
                                            {"type", "Type"},
                                            {"order_id", "Order"},
                                            {"order_number", "Number"},
                                            {"state", "State", Kind::state},
                                            {"current_step", "Step"},
                                            {"attempts", "Tries"},
                                            {"pivot_passed", "Pivot passed"},
                                            {"started_at", "Started", Kind::time},
                                            {"updated_at", "Updated", Kind::time},
                                            {"ended_at", "Ended", Kind::time},
                                            {"next_attempt_at", "Next", Kind::time},
                                            {"code", "Code"},
                                            {"message", "Message"},
                                            {"traceparent", "Trace", Kind::text, Show::wide},
                                            {"version", "Version"}};
  return fields;
}

struct ListArgs {
  std::string min_position;
  std::string status;
  std::string type;
  std::string order;
  int limit = 50;
};

void declare_list(CLI::App& app, ListArgs& args) {
  add_min_position(app, args.min_position);
  app.add_option("--status", args.status,
                 "only these, separated by commas: running, compensating, completed, failed, parked, compensation_failed, live, stuck");
  app.add_option("--type", args.type, "place_order or fulfil_order");
  app.add_option("--order", args.order, "only this order's");
  app.add_option("--limit", args.limit, "at most so many, the newest first")->check(CLI::Range(1, 100'000));
}

ExitCode run_list(Context& context, const ListArgs& args) {
  wait_for_position(context, "saga_status", args.min_position);
  std::string order = args.order.empty() ? "" : find_order(context, args.order).id;
  Listing listing{"sagas", list_fields(), {}, {}};
  listing.rows = context.database().select(kList, {args.status, args.type, order, std::to_string(args.limit)}, listing.fields);
  if (!listing.rows.empty()) listing.next = "sagactl saga timeline " + listing.rows[0]["saga_id"].get<std::string>();
  context.print(listing);
  return ExitCode::ok;
}

struct OneArgs {
  std::string min_position;
  std::string saga;
};

void declare_one(CLI::App& app, OneArgs& args) {
  add_min_position(app, args.min_position);
  app.add_option("saga", args.saga, "saga id or the beginning of one; an order's id or number stands for all its sagas")->required();
}

ExitCode run_get(Context& context, const OneArgs& args) {
  wait_for_position(context, "saga_status", args.min_position);
  std::vector<SagaRef> sagas = find_sagas(context, args.saga);
  for (const SagaRef& saga : sagas) {
    for (const Json& row : context.database().select(kGet, {saga.stream}, get_fields())) context.print_object(get_fields(), row);
    if (context.options.format == Format::table && &saga != &sagas.back()) context.console.out << "\n";
  }
  context.say("next: sagactl saga timeline " + saga_id(sagas.front().stream));
  return ExitCode::ok;
}

Json to_json(const Run& run, const std::string& saga) {
  auto time = [](const std::optional<Timestamp>& at) { return at ? Json(iso(*at)) : Json(nullptr); };
  Json steps = Json::array();
  for (const Activity& a : run.activities) {
    constexpr const char* kStatus[] = {"RUNNING", "WAITING_TO_RETRY", "UNKNOWN", "DONE", "SKIPPED", "FAILED", "STUCK"};
    steps.push_back({{"step", a.name},
                     {"compensation", a.compensation},
                     {"pivot", a.pivot},
                     {"status", kStatus[static_cast<std::size_t>(a.status)]},
                     {"started_at", iso(a.begin)},
                     {"ended_at", time(a.end)},
                     {"attempts", a.attempt},
                     {"queries", a.queries},
                     {"polls", a.polls},
                     {"code", a.code},
                     {"message", a.message},
                     {"next_attempt_at", time(a.wake_at)}});
  }
  return {{"saga_id", saga},          {"type", run.type},       {"order_id", run.order_id},       {"state", run.state},
          {"code", run.code},         {"message", run.message}, {"started_at", iso(run.started)}, {"ended_at", time(run.ended)},
          {"steps", std::move(steps)}};
}

ExitCode run_timeline(Context& context, const OneArgs& args) {
  wait_for_position(context, "saga_status", args.min_position);
  std::vector<SagaRef> sagas = find_sagas(context, args.saga);
  OrderFacts facts;
  for (const events::RecordedEvent& record : read_order(context.store(), sagas.front().order_id)) add_facts(facts, record);
  std::vector<Json> objects;
  for (const SagaRef& saga : sagas) {
    std::vector<SagaRecord> records = saga_records(read_whole(context.store(), saga.stream));
    if (records.empty())
      throw Failure(ExitCode::failed, fmt::format("the log has no record of {}", saga.stream), "sagactl verify projections");
    Run run = activities(records);
    if (context.options.format != Format::table && context.options.format != Format::wide) {
      objects.push_back(to_json(run, saga_id(saga.stream)));
      continue;
    }
    DrawOptions options{
        .width = context.console.width, .color = context.options.color, .now = context.now(), .order_number = sagas.front().order_number};
    bool last = &saga == &sagas.back();
    for (const std::string& line : draw(saga_id(saga.stream), run, last ? std::optional(facts) : std::nullopt, options))
      context.console.out << line << "\n";
    if (!last) context.console.out << "\n";
  }
  if (!objects.empty()) {
    context.print(
        {"sagas", {{"saga_id", ""}, {"type", ""}, {"order_id", ""}, {"state", ""}, {"started_at", ""}, {"ended_at", ""}}, objects, {}});
  } else {
    context.say("next: sagactl events list --order " + sagas.front().order_id);
  }
  return ExitCode::ok;
}

}  // namespace

void add_saga(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("saga", "sagas: what drives each order to its end")->require_subcommand(1);
  add_verb<ListArgs>(*noun, chosen, "list", "sagas, the newest first", declare_list, run_list);
  add_verb<OneArgs>(*noun, chosen, "get", "one saga as it stands", declare_one, run_get);
  add_verb<OneArgs>(*noun, chosen, "timeline", "what a saga did and when, as a picture", declare_one, run_timeline);
}

}  // namespace ordersaga::sagactl
