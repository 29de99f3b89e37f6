// One batch of records into the read models, in one transaction.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "events/event_store.h"
#include "projections/parking.h"
#include "projections/projection.h"
#include "projections/read_store.h"

namespace ordersaga::projections {

using ProjectionSet = std::vector<std::unique_ptr<Projection>>;

// Where a projection stands on a shard, as this process knows it.
struct Standing {
  Position reached;
  std::int32_t generation = 0;  // of the checkpoint
  // Keys of which a record is parked: later records of them wait behind it.
  std::set<std::string> parked_keys;
  // An operator wants it to stand still: records pass it by, and it does not count for where the shard is.
  bool paused = false;
  // It has applied records that a later epoch of the log undid, or is of an epoch that the log does not know: nothing can be
  // applied on top of that, and its rows must be made anew.
  bool outdated = false;
};

struct ShardStanding {
  Epoch epoch;
  std::vector<Standing> by_projection;  // parallel to the ProjectionSet

  // The position that all projections have reached but those that are paused; beyond every position when all are.
  Position reached() const;
};
using Standings = std::map<Shard, ShardStanding>;

// The epoch that the log is in, and where it and those before it began.
struct LogLife {
  Epoch epoch;
  std::vector<events::EpochStart> starts;
};
LogLife life_of(events::EventStore& log);

// Reads where these projections stand, making checkpoints that do not exist. Those of an earlier epoch that lie where no later one
// undid anything are carried over into the present one; the others are outdated. What the projections keep of their rows is
// forgotten: it belonged to other standings.
Standings open_standings(ReadStore& store, const ProjectionSet& projections, std::span<const Shard> shards, const LogLife& life,
                         Timestamp now);
// Which of the shard's projections are outdated, in words for an operator; empty when none is.
std::string outdated_of(const ShardStanding& standing, const ProjectionSet& projections);

// Why a record is parked.
namespace park_code {
inline constexpr const char* kUnknownType = "UNKNOWN_TYPE";
inline constexpr const char* kUnreadablePayload = "UNREADABLE_PAYLOAD";
inline constexpr const char* kBrokenHistory = "BROKEN_HISTORY";
inline constexpr const char* kRefusedByStore = "REFUSED_BY_STORE";
inline constexpr const char* kBehindParked = "BEHIND_PARKED";
inline constexpr const char* kNotInLog = "NOT_IN_LOG";
}  // namespace park_code

struct Batch {
  // By shard in log order and without holes; each shard's first follows its standing. Those that a projection is concerned
  // with are decoded (or have their defect). They outlive the batch, or are its own.
  std::vector<const Record*> records;
  std::deque<Record> owned;
  std::vector<UnreadableMessage> unreadable;

  void own(Record record) { records.push_back(&owned.emplace_back(std::move(record))); }
};

// What they keep of their rows is no longer true.
void forget_rows(const ProjectionSet& projections);

// Whether one of them must see the record, and so it must be decoded: what no projection knows is passed over unread. A type
// that this program does not know concerns all of them.
bool concerns_any(const ProjectionSet& projections, const google::protobuf::Descriptor* type);
// The log's record for a batch; decoded when it concerns a projection.
Record read_for(const ProjectionSet& projections, events::RecordedEvent event, google::protobuf::Arena* arena);

struct Applied {
  // False: somebody else has moved a checkpoint, nothing was done, and the standings are no longer true.
  bool committed = false;
  std::size_t parked = 0;
};

// Applies the batch and moves the standings. What a projection cannot take is parked, with its reason: a record without a
// message, one that breaks its history, one that the store refuses (the batch is then halved until it stands alone), and
// the later ones of its key. After an exception the standings are no longer true: open them again.
Applied apply_batch(ReadStore& store, const ProjectionSet& projections, Standings& standings, const Batch& batch, Timestamp now);

}  // namespace ordersaga::projections
