// The evidence of a running system: Postgres' tables and the events topic. The participants' ledgers: live_ledgers.h.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "events/event_store.h"
#include "runtime/kafka/kafka_partition_reader.h"
#include "tools/sagactl/context.h"
#include "tools/verify/evidence.h"

namespace ordersaga::sagactl {

// Each shard's head, wake-ups, rows and checkpoints out of one snapshot; so are all levels with all heads.
class LiveTables final : public verify::TableSource {
 public:
  // `database` must outlive it.
  LiveTables(Database& database, int shards) : database_(database), shards_(shards) {}
  verify::ShardSnapshot shard(Shard shard) override;
  verify::LevelsAt levels() override;
  verify::Inbox inbox(Shard shard, Position upto) override;

 private:
  Position head(Shard shard);
  verify::ReadRows read_rows(Shard shard);

  Database& database_;
  int shards_;
};

class LiveTopic final : public verify::TopicSource {
 public:
  // Waits up to `patience` for the relay to have published what a check needs.
  LiveTopic(Context& context, std::chrono::milliseconds patience);
  Epoch epoch() override;
  std::vector<events::EpochStart> epoch_starts() override;
  Position published(Shard shard, Position head) override;
  void scan(Shard shard, const Visit& visit) override;

 private:
  runtime::kafka::PartitionReader::Watermarks watermarks(Shard shard);

  Context& context_;
  std::chrono::steady_clock::time_point until_;
  runtime::kafka::KafkaPartitionReader reader_;
};

class LiveRebuild final : public verify::RebuildSource {
 public:
  explicit LiveRebuild(Context& context) : context_(context) {}
  std::vector<verify::RowDifference> compare_with_rebuild() override;

 private:
  Context& context_;
};

}  // namespace ordersaga::sagactl
