// The event store as a process of the simulation sees it: over the shared log, with what a database does to its clients.
#pragma once

#include <memory>

#include "events/memory_event_store.h"
#include "tests/simulation/mutant.h"
#include "tests/simulation/world.h"

namespace ordersaga::simulation {

class SimStore final : public events::EventStore {
 public:
  SimStore(World& world, Mutant mutant) : world_(world), mutant_(mutant), inner_(world.log()) {}

  int shards() const override { return inner_.shards(); }
  Epoch epoch() override;
  std::vector<events::EpochStart> epoch_starts() override;
  std::unique_ptr<events::TurnTransaction> begin(std::span<const Shard> shards) override;
  std::unique_ptr<events::TurnTransaction> try_begin(std::span<const Shard> shards) override;
  std::vector<events::RecordedEvent> read_stream(std::string_view stream, Version after, std::size_t limit) override;
  std::vector<events::RecordedEvent> read_shards(std::span<const events::ShardPosition> after, std::size_t limit) override;
  std::vector<events::ShardHead> heads() override;
  std::vector<events::Wakeup> due_wakeups(std::span<const Shard> shards, Timestamp until, std::size_t limit) override;
  std::vector<events::Wakeup> outstanding_effects(Shard shard) override;
  std::vector<events::StockLevel> levels() override;
  std::vector<events::Wakeup> wakeups() override;
  Timestamp clock() override;
  std::vector<events::ParkedInput> parked_inputs(std::span<const Shard> shards) override;
  std::vector<events::OperatorCommand> operator_commands(std::span<const Shard> shards, std::size_t limit) override;
  std::vector<events::Custody> take_custody(std::span<const Shard> shards, std::string_view owner) override;
  void settle_custody(std::span<const Shard> shards, std::string_view owner) override;
  void release_custody(std::span<const Shard> shards, std::string_view owner) override;
  int note_attempt(Shard shard, std::string_view input) override;
  void clear_attempt(Shard shard, std::string_view input) override;

 private:
  void suffer() const;

  World& world_;
  const Mutant mutant_;
  events::MemoryEventStore inner_;
};

}  // namespace ordersaga::simulation
