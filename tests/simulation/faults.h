// What can go wrong in a simulation, how often, and how often it did.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/simulation/seeded_random.h"

namespace ordersaga::simulation {

enum class Fault : std::uint8_t {
  crash,              // a process ends at a call of a port
  stall,              // a process stands still, longer than its group waits for it
  zombie,             // its dispatcher stands still, its lanes go on
  rebalance,          // partitions change owners among living members
  clock_apart,        // a process' wall clock is wrong for a while
  store_unavailable,  // any call of the store
  shard_busy,         // another writer holds the shard
  commit_refused,
  commit_lost,        // rolled back, and nobody knows
  commit_unheard,     // done, and nobody knows
  commit_in_flight,   // nobody knows, and the locks stay
  interleave,         // another process runs between two statements of a turn
  offsets_forgotten,  // committed offsets do not reach the group
  queue_full,         // the producer takes nothing more
  slow_delivery,
  failed_delivery,  // and all behind it in its partition
  broker_away,      // a reader of topics gets an error
  cut_off,          // a member of a group cannot reach Kafka for a while: its shards go to others, and it adopts what is free
  cursor_failed,
  read_store_failed,
  call_refused,   // connection refused: nothing was sent
  request_lost,   // on its way to a participant
  request_late,   // arrives after its sender has given up
  request_twice,  // arrives again, later
  answer_lost,    // the participant has done it
  command_twice,  // a client's producer repeats itself
  client_retry,   // a client asks again under the same id, later
  other_bytes,    // under a used id
  misplaced,      // on another key's partition
  garbage,        // no command at all
  count_
};
inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::count_);

struct FaultInfo {
  std::string_view name;
  double chance;  // at each opportunity, before the seed's own factor
};
const FaultInfo& info(Fault fault);
std::optional<Fault> find_fault(std::string_view name);

using FaultSet = std::uint64_t;  // bit: Fault
constexpr FaultSet bit(Fault f) {
  return FaultSet{1} << static_cast<unsigned>(f);
}
inline constexpr FaultSet kAllFaults = (FaultSet{1} << kFaults) - 1;

using FaultCounts = std::array<std::uint64_t, kFaults>;

// Decides from the seed alone.
class Faults {
 public:
  Faults(SeededRandom& random, FaultSet enabled, double factor) : random_(random), enabled_(enabled), factor_(factor) {}

  bool fires(Fault fault) {
    if (healed_ || (enabled_ & bit(fault)) == 0 || !random_.chance(info(fault).chance * factor_)) return false;
    ++counts_[static_cast<std::size_t>(fault)];
    return true;
  }
  bool enabled(Fault fault) const { return (enabled_ & bit(fault)) != 0; }
  // From now on nothing fails any more.
  void heal() { healed_ = true; }
  bool healed() const { return healed_; }
  const FaultCounts& counts() const { return counts_; }

 private:
  SeededRandom& random_;
  const FaultSet enabled_;
  const double factor_;
  bool healed_ = false;
  FaultCounts counts_{};
};

}  // namespace ordersaga::simulation
