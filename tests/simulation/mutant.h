// Mistakes planted at the ports, one at a time: a simulation that does not find them would not find ours either.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ordersaga::simulation {

enum class Mutant : std::uint8_t {
  none,
  skip_inbox,           // no command is known from before
  believe_doubtful,     // a commit whose answer was lost counts as done
  new_key_on_retry,     // each try of a call has an idempotency key of its own
  forget_wakeup,        // wake-ups that are no time-outs of calls are not written
  forget_stock,         // releases do not reach the levels
  deaf_producer,        // the relay takes for acknowledged what was not
  offsets_before_done,  // offsets are committed when records are taken
  checkpoint_ignored,   // the projector applies what was applied before
  skip_resume,          // who takes a shard over does not ask what is outstanding, nor look at its timers
};

std::optional<Mutant> find_mutant(std::string_view name);
std::string_view name(Mutant mutant);

}  // namespace ordersaga::simulation
