// Where a shard's publication goes on: decided by what stands on the events topic, never by memory alone.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>

#include "events/event_store.h"
#include "outbox-relay/cursor.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::relay {

struct ResumePoint {
  // Up to here all is confirmed on all topics.
  Position confirmed;
  // First occurrences up to here stand on the events topic, in order and without a gap; ≥ confirmed. The other topics'
  // messages of the records between may be missing.
  Position on_topic;
  std::int64_t on_topic_offset = -1;  // of the record at on_topic; -1: it is not there any more
  std::int64_t last_offset = -1;      // of the partition; -1: it never had a message
  bool kafka_lost_data = false;
};
// The topic holds what the log does not: the log went back in time, or another one writes there.
struct Contradiction {
  std::string what;
};
using Resume = std::variant<ResumePoint, Contradiction>;

struct ResumeQuestion {
  Shard shard;
  Epoch epoch;  // of the log, now
  std::span<const events::EpochStart> starts;
  std::optional<Cursor> cursor;
  std::string cluster_id;
  // Records older than this have left the topic by its retention; a topic that lost its data is filled from here on.
  Timestamp keep_after{};
};

// The record at the cursor's offset must be the cursor's, else Kafka lost data (its disks were wiped, the topic was made
// anew, an older copy was restored); then the whole partition is read, and what it lacks is published again. From the cursor
// on, each record of the tail is compared with the log's. A cursor with kSendAgain is taken as it is.
// What a later epoch undid (events/epochs.h) counts for nothing: not on the topic, and not of a cursor. So all that lies above
// an epoch's start is published in it, even what the topic happens to hold already.
// Throws StoreError, and KafkaError when Kafka does not answer.
Resume find_resume_point(events::EventStore& store, runtime::kafka::PartitionReader& reader, const ResumeQuestion& question);

}  // namespace ordersaga::relay
