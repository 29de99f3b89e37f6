// The read models' store in memory: for simulations, tests and shadows. Same outcomes as the Postgres one (one contract
// suite). Sessions on the same tables are allowed as long as their transactions do not overlap.
#pragma once

#include <map>
#include <string>

#include "projections/read_store.h"

namespace ordersaga::projections {

// What the sessions share.
struct MemoryReadTables {
  // By table, then by primary key.
  std::map<std::string, std::map<std::string, Row>> rows;
  std::map<std::pair<std::string, Shard>, Checkpoint> checkpoints;
};

class MemoryReadStore final : public ReadStore {
 public:
  // The tables outlive this.
  explicit MemoryReadStore(MemoryReadTables& tables) : tables_(tables) {}

  std::vector<Checkpoint> open_checkpoints(std::span<const std::string> projections, std::span<const Shard> shards, Epoch epoch,
                                           Timestamp now) override;
  void carry_over(std::span<const Checkpoint> checkpoints, Epoch to) override;
  std::unique_ptr<ReadTransaction> begin() override;
  std::unique_ptr<ReadSnapshot> snapshot() override;

 private:
  MemoryReadTables& tables_;
};

}  // namespace ordersaga::projections
