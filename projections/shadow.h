// A projection folded anew beside its live rows: blue/green.
//
// The shadow has tables (<table>__next) and checkpoints (<projection>__next) of its own, so a rebuild that was stopped goes on where
// it was, and the live projector is not disturbed. When the shadow has caught up it is compared with the live rows, and takes
// their place in one transaction; the live projector notices at its next batch and goes on from the shadow's checkpoints.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "events/event_store.h"
#include "projections/shadow_compare.h"
#include "runtime/clock.h"

namespace ordersaga::projections {

struct RebuildOptions {
  // Of the database, as the projector's role.
  std::string target;
  std::string projection;
  // Throws away what an earlier rebuild has done and not finished.
  bool restart = false;
  std::size_t batch = 10'000;
  std::size_t max_examples = 20;
  // These three may throw to stop. Between batches, with the records folded in this run, in all of the shadow, and in the log:
  std::function<void(std::uint64_t folded, std::uint64_t in_shadow, std::uint64_t in_log)> progress;
  // Between two chunks of rows compared:
  std::function<void(std::uint64_t rows)> compared = [](std::uint64_t) {};
  // Once, when the shadow has caught up and was compared. False: no swap now; the shadow stays as it is for the next call.
  std::function<bool(const ShadowComparison&)> approve = [](const ShadowComparison&) { return true; };
  // Before each attempt to swap.
  std::function<void()> before_swap = [] {};
};

struct Rebuilt {
  bool resumed = false;
  bool swapped = false;
  std::uint64_t folded = 0;  // in this run
  ShadowComparison comparison;
  std::uint64_t swaps_tried = 0;     // the live rows were ahead, or read, before
  std::chrono::microseconds swap{};  // the one that succeeded
};

// Throws std::invalid_argument when this program has no such projection, and the StoreErrors; then, or after a crash, what is
// done is kept, and the same call goes on.
Rebuilt rebuild(events::EventStore& log, const runtime::Clock& clock, const RebuildOptions& options);

}  // namespace ordersaga::projections
