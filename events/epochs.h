// What is left of places of earlier epochs. Pure.
//
// When the log was taken back in time, positions above a fork are given anew. A later epoch undoes what lies above its
// start in each earlier one:
// - A cursor or checkpoint of an earlier epoch that lies above the fork goes back to it; what was derived from above it is
//   made anew.
// - A message of an earlier epoch above the fork is of a life that is over, and dropped, whatever it says.
// - The first message of a new epoch is the one right above the fork: who reads the topic alone sees where it lies.
#pragma once

#include <algorithm>
#include <span>

#include "events/event_store.h"

namespace ordersaga::events {

// What a place that was reached in epoch `of` is worth in the present one: itself, or the fork below it.
inline Position carried_over(std::span<const EpochStart> starts, Shard shard, Epoch of, Position position) {
  for (const EpochStart& start : starts)
    if (start.shard == shard && start.epoch > of) position = std::min(position, start.after);
  return position;
}

// Whether what was recorded there in epoch `of` was undone by a later one.
inline bool is_undone(std::span<const EpochStart> starts, Shard shard, Epoch of, Position position) {
  return carried_over(starts, shard, of, position) < position;
}

// The epoch that the log's record at the position belongs to, which is what it is published with.
inline Epoch epoch_of(std::span<const EpochStart> starts, Shard shard, Position position) {
  Epoch epoch(1);
  for (const EpochStart& start : starts)
    if (start.shard == shard && start.after < position) epoch = std::max(epoch, start.epoch);
  return epoch;
}

}  // namespace ordersaga::events
