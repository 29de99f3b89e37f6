// One batch of records into the read models, in one transaction.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "projections/parking.h"
#include "projections/projection.h"
#include "projections/read_store.h"

namespace ordersaga::projections {

using ProjectionSet = std::vector<std::unique_ptr<Projection>>;

// Where a projection stands on a shard, as this process knows it.
struct Standing {
  Position reached;
  // Keys of which a record is parked: later records of them wait behind it.
  std::set<std::string> parked_keys;
};

struct ShardStanding {
  Epoch epoch;
  std::vector<Standing> by_projection;  // parallel to the ProjectionSet

  // The position that all projections have reached.
  Position reached() const;
};
using Standings = std::map<Shard, ShardStanding>;

// Reads where these projections stand, making checkpoints that do not exist.
Standings open_standings(ReadStore& store, const ProjectionSet& projections, std::span<const Shard> shards, Epoch epoch, Timestamp now);

struct Batch {
  // Decoded (or with their defect), by shard in log order and without holes; each shard's first follows its standing.
  std::vector<Record> records;
  std::vector<UnreadableMessage> unreadable;
};

struct Applied {
  // False: somebody else has moved a checkpoint, nothing was done, and the standings are no longer true.
  bool committed = false;
  std::size_t parked = 0;
};

// Applies the batch and moves the standings. What a projection cannot take is parked, with its reason: a record without a
// message, one that breaks its history, one that the store refuses (the batch is then halved until it stands alone), and
// the later ones of its key. After an exception the standings are no longer true: open them again.
Applied apply_batch(ReadStore& store, const ProjectionSet& projections, Standings& standings, Batch& batch, Timestamp now);

}  // namespace ordersaga::projections
