// Runs the checkers over the evidence.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/verify/evidence.h"
#include "tools/verify/findings.h"

namespace ordersaga::verify {

enum class Group : std::uint8_t { log, money, stock, shipments, sagas, decisions, outbox, projections };

struct Invariant {
  std::string_view id;
  Group group;
  std::string_view title;
};
// Every invariant that has a checker, in order of its number.
std::span<const Invariant> invariants();
std::string_view name(Group group);

// Where evidence comes from. log and tables are required; what is null cannot be judged, and is reported as skipped.
struct Sources {
  LogSource* log = nullptr;
  TableSource* tables = nullptr;
  GatewaySource* gateway = nullptr;
  CarrierSource* carrier = nullptr;
  TopicSource* topic = nullptr;
  RebuildSource* rebuild = nullptr;
};

struct Report {
  Findings findings;
  std::vector<std::string_view> checked;  // ids of invariants
  std::vector<std::string_view> skipped;
  std::int64_t records = 0;  // of the log, read
  int shards = 0;
};

struct Progress {
  int shards_done = 0;
  int shards = 0;
  std::int64_t records = 0;
};

// Checks the invariants of `groups` (empty: of all) with one pass over the log. Throws what the sources throw.
Report check(const Sources& sources, const std::set<Group>& groups, const std::function<void(const Progress&)>& progress = {});

}  // namespace ordersaga::verify
