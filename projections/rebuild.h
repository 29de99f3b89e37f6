// Read models made again from the log: whole, or beside the live ones to compare (invariant I13).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "events/event_store.h"
#include "projections/apply.h"
#include "projections/read_store.h"
#include "runtime/clock.h"

namespace ordersaga::projections {

// Applies each shard's records straight from the log, from the checkpoints on up to the heads as they are at the start.
// REQUIRES: nobody else moves these checkpoints. Safe to stop and start again. Returns the number of records applied.
std::uint64_t replay(
    events::EventStore& log, ReadStore& store, const ProjectionSet& projections, std::span<const Shard> shards, const runtime::Clock& clock,
    std::size_t batch_size, const std::function<void(std::uint64_t applied)>& progress = [](std::uint64_t) {});

// One thing in which a live read model is not what the log says.
struct Difference {
  Shard shard;
  std::string table;
  // The row's primary key, its columns separated by '/'; empty when it is not about one row.
  std::string key;
  std::string what;
};

struct Comparison {
  std::vector<Difference> differences;  // at most as many as were asked for
  bool more = false;                    // there were more
  std::uint64_t records = 0;            // of the log, folded
  std::uint64_t rows = 0;               // compared
};

// Folds the log into memory up to the live checkpoints and compares with the live rows of that moment, one shard after
// the other. Holds a snapshot only while a shard's rows are read, and one shard's rows twice in memory (some 6 kB an order).
Comparison compare_with_rebuild(
    events::EventStore& log, ReadStore& live, std::span<const Shard> shards, std::size_t max_differences,
    const std::function<void(std::uint64_t records)>& progress = [](std::uint64_t) {});

}  // namespace ordersaga::projections
