#include "tests/simulation/faults.h"

namespace ordersaga::simulation {
namespace {

constexpr std::array<FaultInfo, kFaults> kInfo{{
    {"crash", 0.0008},          {"stall", 0.0006},           {"zombie", 0.0006},
    {"rebalance", 0.15},        {"clock_apart", 0.05},       {"store_unavailable", 0.005},
    {"shard_busy", 0.02},       {"commit_refused", 0.02},    {"commit_lost", 0.02},
    {"commit_unheard", 0.02},   {"commit_in_flight", 0.02},  {"interleave", 0.05},
    {"offsets_forgotten", 0.3}, {"queue_full", 0.02},        {"slow_delivery", 0.02},
    {"failed_delivery", 0.003}, {"broker_away", 0.02},       {"cut_off", 0.004},
    {"cursor_failed", 0.03},    {"read_store_failed", 0.01}, {"call_refused", 0.03},
    {"request_lost", 0.03},     {"request_late", 0.03},      {"request_twice", 0.05},
    {"answer_lost", 0.05},      {"command_twice", 0.05},     {"client_retry", 0.08},
    {"other_bytes", 0.03},      {"misplaced", 0.03},         {"garbage", 0.03},
}};
static_assert(kInfo.back().name.size() > 0);

}  // namespace

const FaultInfo& info(Fault fault) {
  return kInfo[static_cast<std::size_t>(fault)];
}

std::optional<Fault> find_fault(std::string_view name) {
  for (std::size_t i = 0; i < kFaults; ++i)
    if (kInfo[i].name == name) return static_cast<Fault>(i);
  return std::nullopt;
}

}  // namespace ordersaga::simulation
