// A log that tests write by naming streams and messages, and the messages that would come of it by Kafka.
#pragma once

#include <google/protobuf/message.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "events/memory_event_store.h"
#include "runtime/kafka/bus.h"
#include "schemas/ids.h"

namespace ordersaga::projections::testing {

class History {
 public:
  // In memory.
  explicit History(int shards = 4);
  // In a store that is empty.
  explicit History(std::unique_ptr<events::EventStore> store);

  // Appends the message as the next of its stream. Each record is a millisecond after the one before.
  events::RecordedEvent record(const std::string& stream, const google::protobuf::Message& message, const std::string& actor = "tester");
  // A record without a stream.
  events::RecordedEvent record_input(const std::string& key, const google::protobuf::Message& message);
  // Appends bytes that are no message of the type.
  events::RecordedEvent record_bytes(const std::string& stream, events::TypeNumber type, const std::string& payload);

  // REQUIRES: in memory.
  events::MemoryLog& log() { return *log_; }
  events::EventStore& store() { return *store_; }
  Shard shard_of_key(const std::string& key) const { return shard_of(key, store_->shards()); }
  std::vector<Shard> shards() const;
  Timestamp now() const { return now_; }

 private:
  events::RecordedEvent append(events::NewRecord record);

  Timestamp now_ = Timestamp(std::chrono::seconds(1'800'000'000));
  std::unique_ptr<events::MemoryLog> log_;
  std::unique_ptr<events::EventStore> store_;
  std::map<std::string, Version> versions_;
};

// The message that the relay makes of a record. The offset is the caller's.
runtime::kafka::ConsumedMessage message_of(const events::RecordedEvent& event, std::int64_t offset, Epoch epoch = Epoch(1));

// Payloads that many tests want.
// Two lines, SKU-1 ×2 at 10.00 and SKU-2 ×1 at 5.50 EUR; 25.50 in all.
std::string placed_text(const std::string& order_id);

// Writes a whole order that completes: 24 records in order-, reservation-, payment-, shipment- and saga- streams.
void record_completed_order(History& history, const std::string& order_id);

}  // namespace ordersaga::projections::testing
