// The store's port over a MemoryLog: for tests and simulations. Same outcomes as the Postgres one (one contract suite).
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "events/event_store.h"
#include "events/memory_log.h"

namespace ordersaga::events {

// One session. The log must outlive it and its transactions.
class MemoryEventStore final : public EventStore {
 public:
  explicit MemoryEventStore(MemoryLog& log) : log_(log) {}

  int shards() const override { return log_.shards(); }
  Epoch epoch() override { return log_.epoch(); }
  std::vector<EpochStart> epoch_starts() override { return log_.epoch_starts(); }
  std::unique_ptr<TurnTransaction> begin(std::span<const Shard> shards) override;
  std::unique_ptr<TurnTransaction> try_begin(std::span<const Shard> shards) override;
  std::vector<RecordedEvent> read_stream(std::string_view stream, Version after, std::size_t limit) override;
  std::vector<RecordedEvent> read_shards(std::span<const ShardPosition> after, std::size_t limit) override;
  std::vector<ShardHead> heads() override;
  std::vector<Wakeup> due_wakeups(std::span<const Shard> shards, Timestamp until, std::size_t limit) override;
  std::vector<Wakeup> outstanding_effects(Shard shard) override;
  std::vector<StockLevel> levels() override;
  std::vector<Wakeup> wakeups() override;
  Timestamp clock() override { return log_.clock(); }
  std::vector<ParkedInput> parked_inputs(std::span<const Shard> shards) override;
  std::vector<OperatorCommand> operator_commands(std::span<const Shard> shards, std::size_t limit) override;
  std::vector<Custody> take_custody(std::span<const Shard> shards, std::string_view owner) override;
  void settle_custody(std::span<const Shard> shards, std::string_view owner) override;
  void release_custody(std::span<const Shard> shards, std::string_view owner) override;
  int note_attempt(Shard shard, std::string_view input) override;
  void clear_attempt(Shard shard, std::string_view input) override;

 private:
  MemoryLog& log_;
};

}  // namespace ordersaga::events
