#include "tools/verify/check.h"

#include <google/protobuf/arena.h>

#include <memory>
#include <optional>

#include "events/codec.h"
#include "events/errors.h"
#include "tools/verify/captures.h"
#include "tools/verify/carrier.h"
#include "tools/verify/causes.h"
#include "tools/verify/checker.h"
#include "tools/verify/gateway.h"
#include "tools/verify/inputs.h"
#include "tools/verify/money.h"
#include "tools/verify/next_step.h"
#include "tools/verify/overdue.h"
#include "tools/verify/positions.h"
#include "tools/verify/publication.h"
#include "tools/verify/read_models.h"
#include "tools/verify/rebuild.h"
#include "tools/verify/redecide.h"
#include "tools/verify/reused_ids.h"
#include "tools/verify/stock.h"
#include "tools/verify/timers.h"
#include "tools/verify/versions.h"

namespace ordersaga::verify {

namespace {

constexpr Invariant kInvariants[] = {
    {"I1", Group::log, "versions of a stream are 1, 2, 3 …, in the shard of its key"},
    {"I2", Group::log, "each command has exactly one outcome"},
    {"I3", Group::log, "a used id with other content is refused"},
    {"I4", Group::money, "money fits the order's state"},
    {"I5", Group::money, "our payments are the gateway's ledger, both ways"},
    {"I6", Group::money, "at most one capture a payment"},
    {"I7", Group::stock, "stock is conserved, and the levels are the log's"},
    {"I8", Group::sagas, "no saga without a next step"},
    {"I9", Group::sagas, "no next step is overdue"},
    {"I10", Group::sagas, "a timer fires once or is cancelled"},
    {"I11", Group::outbox, "every record is on Kafka, in order (strays before a beginning anew aside), byte for byte"},
    {"I12", Group::projections, "read models applied each record once"},
    {"I13", Group::projections, "read models are what a rebuild gives"},
    {"I14", Group::log, "every record has a known cause"},
    {"I15", Group::log, "positions of a shard are 1, 2, 3 …, and its time never falls"},
    {"I16", Group::decisions, "decided again, commands and timers give the records that the log has"},
    {"I17", Group::shipments, "our shipments are the carrier's ledger, both ways"},
};

// How many records are decoded into one arena before it is cleared.
constexpr int kRecordsPerArena = 2'000;

// Null when its evidence is not there.
std::unique_ptr<Checker> make_checker(std::string_view id, const Sources& sources, Findings& findings) {
  if (id == "I1") return std::make_unique<VersionsChecker>(sources.log->shards(), findings);
  if (id == "I2") return std::make_unique<InputsChecker>(*sources.tables, findings);
  if (id == "I3") return std::make_unique<ReusedIdsChecker>(*sources.tables, findings);
  if (id == "I4") return std::make_unique<MoneyChecker>(findings);
  if (id == "I5" && sources.gateway != nullptr) return std::make_unique<GatewayChecker>(*sources.gateway, findings);
  if (id == "I6" && sources.gateway != nullptr) return std::make_unique<CapturesChecker>(*sources.gateway, findings);
  if (id == "I7") return std::make_unique<StockChecker>(*sources.tables, findings);
  if (id == "I8") return std::make_unique<NextStepChecker>(findings);
  if (id == "I9") return std::make_unique<OverdueChecker>(findings);
  if (id == "I10") return std::make_unique<TimersChecker>(findings);
  if (id == "I11" && sources.topic != nullptr) return std::make_unique<PublicationChecker>(*sources.topic, findings);
  if (id == "I12") return std::make_unique<ReadModelsChecker>(findings);
  if (id == "I13" && sources.rebuild != nullptr) return std::make_unique<RebuildChecker>(*sources.rebuild, findings);
  if (id == "I14") return std::make_unique<CausesChecker>(findings);
  if (id == "I15") return std::make_unique<PositionsChecker>(findings);
  if (id == "I16") return std::make_unique<RedecideChecker>(sources.log->shards(), findings);
  if (id == "I17" && sources.carrier != nullptr) return std::make_unique<CarrierChecker>(*sources.carrier, findings);
  return nullptr;
}

// Decodes records for all checkers at once.
class Decoder {
 public:
  LogEntry decode(const events::RecordedEvent& record) {
    if (++decoded_ % kRecordsPerArena == 0) arena_.Reset();
    LogEntry entry{.record = record, .message = nullptr, .metadata = {}, .stream = parse_stream(record.stream)};
    try {
      if (events::type_of(record.type) != nullptr) entry.message = events::decode(record, &arena_);
    } catch (const events::BadData&) {
      entry.message = nullptr;  // a finding of I1
    }
    if (!entry.metadata.ParseFromString(record.metadata)) entry.message = nullptr;
    return entry;
  }

 private:
  google::protobuf::Arena arena_;
  std::int64_t decoded_ = 0;
};

}  // namespace

std::span<const Invariant> invariants() {
  return kInvariants;
}

std::string_view name(Group group) {
  switch (group) {
    case Group::log:
      return "log";
    case Group::money:
      return "money";
    case Group::stock:
      return "stock";
    case Group::shipments:
      return "shipments";
    case Group::sagas:
      return "sagas";
    case Group::decisions:
      return "decisions";
    case Group::outbox:
      return "outbox";
    case Group::projections:
      return "projections";
  }
  return "unknown";
}

Report check(const Sources& sources, const std::set<Group>& groups, const std::function<void(const Progress&)>& progress) {
  Report report;
  report.shards = sources.log->shards();
  std::vector<std::unique_ptr<Checker>> checkers;
  for (const Invariant& invariant : kInvariants) {
    if (!groups.empty() && groups.count(invariant.group) == 0) continue;
    if (auto checker = make_checker(invariant.id, sources, report.findings)) {
      checkers.push_back(std::move(checker));
      report.checked.push_back(invariant.id);
    } else {
      report.skipped.push_back(invariant.id);
    }
  }
  Decoder decoder;
  for (int i = 0; i < report.shards; ++i) {
    ShardSnapshot snapshot = sources.tables->shard(Shard(static_cast<std::int16_t>(i)));
    for (auto& checker : checkers) checker->begin(snapshot);
    sources.log->scan(snapshot.shard, snapshot.head, [&](const events::RecordedEvent& record) {
      LogEntry entry = decoder.decode(record);
      for (auto& checker : checkers) checker->see(entry);
      if (++report.records % 10'000 == 0 && progress) progress({i, report.shards, report.records});
    });
    for (auto& checker : checkers) checker->end(snapshot);
    if (progress) progress({i + 1, report.shards, report.records});
  }
  for (auto& checker : checkers) checker->finish();
  return report;
}

}  // namespace ordersaga::verify
