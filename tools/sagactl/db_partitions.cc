// sagactl db partitions list, detach, attach; db vacuum-inbox
#include <fmt/format.h>

#include "tools/sagactl/db_verbs.h"

namespace ordersaga::sagactl {

namespace postgres = runtime::postgres;

namespace {

using postgres::Statement;

constexpr Statement kList{"partitions_list",
                          "SELECT to_json(t)::text FROM (SELECT kind, name, first, last, bytes, state, detached_at, detached_by"
                          " FROM log.partitions ORDER BY kind, shard, leaf, first) AS t"};
constexpr Statement kDetach{"partitions_detach", "SELECT log.detach_leaf($1::integer::smallint, $2::integer)"};
constexpr Statement kPrepare{"partitions_prepare", "SELECT log.prepare_leaf($1::integer::smallint, $2::integer)"};
constexpr Statement kAttach{"partitions_attach", "SELECT log.attach_leaf($1::integer::smallint, $2::integer)"};
constexpr Statement kSetDays{"inbox_set_days", "SELECT log.set_inbox_days($1::integer)"};
constexpr Statement kDays{"inbox_days", "SELECT inbox_days FROM log.installation"};

const std::vector<Field> kFields = {{"kind", "KIND"},
                                    {"name", "NAME"},
                                    {"first", "FIRST"},
                                    {"last", "LAST"},
                                    {"bytes", "BYTES", Kind::number},
                                    {"state", "STATE"},
                                    {"detached_at", "DETACHED", Kind::time, Show::wide},
                                    {"detached_by", "BY", Kind::text, Show::wide}};

struct NoArgs {};
void declare_nothing(CLI::App&, NoArgs&) {}

ExitCode run_list(Context& context, const NoArgs&) {
  context.print({"partitions", kFields, context.database().select(kList, {}, kFields), {}});
  return ExitCode::ok;
}

struct LeafArgs {
  int shard = 0;
  int leaf = 0;
};

void declare_leaf(CLI::App& app, LeafArgs& args) {
  app.add_option("shard", args.shard, "shard of the log")->required()->check(CLI::Range(0, kMaxShards - 1));
  app.add_option("leaf", args.leaf, "number of the leaf in it")->required()->check(CLI::Range(0, 1'000'000));
}

constexpr std::string_view kNotInThatState = "55000";
constexpr std::string_view kOutOfPlace = "23514";  // a leaf that was restored from another's dump
constexpr std::string_view kLockTimeout = "55P03";

// What is refused is so by the leaf's state, and the server's words say which.
postgres::Rows as_owner(Context& context, const Statement& statement, const postgres::Parameters& parameters) {
  try {
    return connect_as_owner(context)->exec(statement, parameters);
  } catch (const postgres::Error& error) {
    if (error.sqlstate == kLockTimeout)
      throw Failure(ExitCode::refused, "somebody has been reading the log for long; nothing was changed", "try again");
    if (error.sqlstate != kNotInThatState && error.sqlstate != kOutOfPlace) rethrow_as_failure();
    std::string what = error.what();
    what = what.substr(0, what.find('\n'));
    throw Failure(ExitCode::refused, what.starts_with("ERROR:  ") ? what.substr(8) : what, "sagactl db partitions list");
  }
}

ExitCode run_detach(Context& context, const LeafArgs& args) {
  std::string name = fmt::format("events_{}_{}", args.shard, args.leaf);
  if (!context.confirm(fmt::format("What is in {} can then be read no more, until it is attached.", name), name))
    throw Failure(ExitCode::refused, "not confirmed; nothing was changed");
  as_owner(context, kDetach, postgres::Parameters().add(args.shard).add(args.leaf));
  context.say(fmt::format("{0} is detached; pg_dump -Fc -t log.{0} archives it, DROP TABLE log.{0} then frees its place", name));
  return ExitCode::ok;
}

ExitCode run_attach(Context& context, const LeafArgs& args) {
  as_owner(context, kPrepare, postgres::Parameters().add(args.shard).add(args.leaf));
  as_owner(context, kAttach, postgres::Parameters().add(args.shard).add(args.leaf));
  context.say(fmt::format("events_{}_{} is part of the log again", args.shard, args.leaf));
  return ExitCode::ok;
}

struct VacuumArgs {
  int days = 0;
};
void declare_vacuum(CLI::App& app, VacuumArgs& args) {
  app.add_option("--days", args.days, "how long a command is found again from now on; older ones are refused")->check(CLI::Range(15, 30));
}

ExitCode run_vacuum(Context& context, const VacuumArgs& args) {
  int days = args.days > 0 ? args.days : static_cast<int>(context.database().query(kDays).integer(0, 0));
  postgres::Rows dropped = as_owner(context, kSetDays, postgres::Parameters().add(days));
  context.say(fmt::format("a command is found again for {} days; {} partitions dropped", days, dropped.integer(0, 0)));
  return ExitCode::ok;
}

}  // namespace

void add_partitions(CLI::App& noun, Action& chosen) {
  CLI::App* partitions = noun.add_subcommand("partitions", "leaves of the log and half-months of the inbox")->require_subcommand(1);
  add_verb<NoArgs>(*partitions, chosen, "list", "all of them, with their sizes", declare_nothing, run_list);
  add_verb<LeafArgs>(*partitions, chosen, "detach", "take the oldest leaf of a shard out of the log", declare_leaf, run_detach);
  add_verb<LeafArgs>(*partitions, chosen, "attach", "put the newest detached leaf of a shard back", declare_leaf, run_attach);
  add_verb<VacuumArgs>(noun, chosen, "vacuum-inbox", "drop what is out of the inbox' window, or set it", declare_vacuum, run_vacuum);
}

}  // namespace ordersaga::sagactl
