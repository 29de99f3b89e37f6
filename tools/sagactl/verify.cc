// sagactl verify: the invariants, on the running system.
//
// A system that works while it is looked at can look wrong for a moment (a saga that began after the bound of the log, a
// relay that is a little behind). The evidence is bounded so that this is rare (tools/verify/evidence.h); what is left is
// sorted out by looking again: only what is found each time, by the same invariant about the same subject, is reported.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <thread>

#include "tools/sagactl/command.h"
#include "tools/sagactl/live_evidence.h"
#include "tools/sagactl/live_ledgers.h"
#include "tools/sagactl/progress.h"
#include "tools/verify/check.h"
#include "tools/verify/store_evidence.h"

namespace ordersaga::sagactl {

namespace {

using verify::Finding;
using verify::Group;

constexpr auto kLookAgainAfter = std::chrono::seconds(1);

struct VerifyArgs {
  std::set<Group> groups;
  int looks = 3;
  bool no_kafka = false;
};

template <Group group>
void declare_group(CLI::App& app, VerifyArgs& args) {
  args.groups = {group};
  app.add_option("--looks", args.looks, "report only what is still found at the last of so many looks")->check(CLI::Range(1, 100));
}

void declare_all(CLI::App& app, VerifyArgs& args) {
  app.add_option("--looks", args.looks, "report only what is still found at the last of so many looks")->check(CLI::Range(1, 100));
  app.add_flag("--no-kafka", args.no_kafka, "leave the topics alone");
}

verify::Report look(Context& context, const VerifyArgs& args) {
  verify::StoreLog log(context.store());
  LiveTables tables(context.database(), context.store().shards());
  std::optional<LiveGateway> gateway;
  std::optional<LiveCarrier> carrier;
  std::optional<LiveTopic> topic;
  LiveRebuild rebuild(context);
  auto wants = [&](Group group) { return args.groups.empty() || args.groups.count(group) > 0; };
  auto shows_ledger = [&](const std::string& url) { return !url.empty() && has_ledger(context, url); };
  if (wants(Group::money) && shows_ledger(context.settings.gateway_url)) gateway.emplace(context);
  if (wants(Group::shipments) && shows_ledger(context.settings.carrier_url)) carrier.emplace(context);
  if (wants(Group::outbox) && !args.no_kafka) topic.emplace(context, context.options.timeout);
  ProgressLine progress(context.console, context.options, "verify");
  verify::Sources sources{.log = &log,
                          .tables = &tables,
                          .gateway = gateway ? &*gateway : nullptr,
                          .carrier = carrier ? &*carrier : nullptr,
                          .topic = topic ? &*topic : nullptr,
                          .rebuild = wants(Group::projections) ? &rebuild : nullptr};
  return verify::check(sources, args.groups, [&](const verify::Progress& p) {
    throw_if_stopped();
    progress.show(p.shards_done, p.shards, p.records, "records");
  });
}

using Suspects = std::set<std::pair<std::string, std::string>>;  // invariant, subject

std::vector<Finding> still_found(const std::vector<Finding>& findings, const std::optional<Suspects>& before) {
  std::vector<Finding> still;
  for (const Finding& f : findings)
    if (!before || before->count({f.invariant, f.subject}) > 0) still.push_back(f);
  return still;
}

const std::vector<Field>& fields() {
  static const std::vector<Field> fields = {
      {"invariant", "INVARIANT"}, {"subject", "SUBJECT"}, {"expected", "EXPECTED"}, {"found", "FOUND"}};
  return fields;
}

// The outcome of each invariant, on stderr: what was looked at, so that "nothing found" means something.
void summarize(Context& context, const verify::Report& report, const std::vector<Finding>& findings) {
  auto skipped = [&](std::string_view id) { return std::find(report.skipped.begin(), report.skipped.end(), id) != report.skipped.end(); };
  for (const verify::Invariant& invariant : verify::invariants()) {
    bool checked = std::find(report.checked.begin(), report.checked.end(), invariant.id) != report.checked.end();
    bool left_out = skipped(invariant.id);
    if (!checked && !left_out) continue;
    auto count = std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.invariant == invariant.id; });
    std::string mark = left_out     ? paint("–", Color::yellow, context.options.color)
                       : count == 0 ? paint("✓", Color::green, context.options.color)
                                    : paint("✗", Color::red, context.options.color);
    std::string note = left_out ? "  not checked: its evidence is not at hand" : count > 0 ? fmt::format("  {} findings", count) : "";
    context.say(fmt::format("{} {:4} {}{}", mark, invariant.id, invariant.title, note));
  }
  auto missing = [&](std::string_view what, const std::string& url, std::string_view option) {
    context.say(url.empty() ? fmt::format("{}'s ledger is needed: --{}", what, option)
                            : fmt::format("{} has no ledger at {}/v1/ledger", what, url));
  };
  if (skipped("I5")) missing("I5 and I6: the payment gateway", context.settings.gateway_url, "gateway-url or ORDERSAGA_GATEWAY_URL");
  if (skipped("I17")) missing("I17: the carrier", context.settings.carrier_url, "carrier-url or ORDERSAGA_CARRIER_URL");
  context.say(fmt::format("{} records in {} shards", report.records, report.shards));
}

ExitCode run_verify(Context& context, const VerifyArgs& args) {
  std::optional<Suspects> suspects;
  for (int i = 1;; ++i) {
    verify::Report report;
    try {
      report = look(context, args);
    } catch (...) {
      rethrow_as_failure();
    }
    std::vector<Finding> findings = still_found(report.findings.kept(), suspects);
    if (!findings.empty() && i < args.looks) {
      context.explain(fmt::format("look {}: {} suspects, looking again", i, findings.size()));
      suspects.emplace();
      for (const Finding& f : findings) suspects->emplace(f.invariant, f.subject);
      std::this_thread::sleep_for(kLookAgainAfter);
      continue;
    }
    summarize(context, report, findings);
    Listing listing{"findings", fields(), {}, {}};
    for (const Finding& f : findings)
      listing.rows.push_back({{"invariant", f.invariant}, {"subject", f.subject}, {"expected", f.expected}, {"found", f.found}});
    context.print(listing);
    std::size_t unkept = report.findings.total() - report.findings.kept().size();
    if (unkept > 0) context.say(fmt::format("and {} more", unkept));
    return findings.empty() ? ExitCode::ok : ExitCode::findings;
  }
}

}  // namespace

void add_verify(CLI::App& app, Action& chosen) {
  CLI::App* noun = app.add_subcommand("verify", "check the invariants; exit 8 on findings")->require_subcommand(1);
  add_verb<VerifyArgs>(*noun, chosen, "all", "everything", declare_all, run_verify);
  add_verb<VerifyArgs>(*noun, chosen, "log", "positions, versions, commands and causes (I1, I2, I3, I14, I15)", declare_group<Group::log>,
                       run_verify);
  add_verb<VerifyArgs>(*noun, chosen, "money", "money, and the gateway's ledger (I4, I5, I6)", declare_group<Group::money>, run_verify);
  add_verb<VerifyArgs>(*noun, chosen, "stock", "stock (I7)", declare_group<Group::stock>, run_verify);
  add_verb<VerifyArgs>(*noun, chosen, "shipments", "shipments, and the carrier's ledger (I17)", declare_group<Group::shipments>,
                       run_verify);
  add_verb<VerifyArgs>(*noun, chosen, "sagas", "next steps and timers (I8, I9, I10)", declare_group<Group::sagas>, run_verify);
  add_verb<VerifyArgs>(*noun, chosen, "decisions", "decide again what was decided (I16)", declare_group<Group::decisions>, run_verify);
  add_verb<VerifyArgs>(*noun, chosen, "outbox", "what is on Kafka (I11)", declare_group<Group::outbox>, run_verify);
  add_verb<VerifyArgs>(*noun, chosen, "projections", "read models (I12, I13)", declare_group<Group::projections>, run_verify);
}

}  // namespace ordersaga::sagactl
