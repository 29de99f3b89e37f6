// The read models' store in Postgres, schema read. The number of statements does not depend on the number of rows.
#pragma once

#include <memory>
#include <string>

#include "projections/read_store.h"

namespace ordersaga::projections {

class PostgresSession;

// Of the tables and the name of a projection that is rebuilt beside the live one.
inline constexpr const char* kShadowSuffix = "__next";

// Connects when first used, and again after the connection was lost.
class PostgresReadStore final : public ReadStore {
 public:
  // `target`: a libpq connection string. `suffix`: of the projections' tables; those that all share have none.
  explicit PostgresReadStore(std::string target, std::string suffix = {});
  ~PostgresReadStore() override;

  std::vector<Checkpoint> open_checkpoints(std::span<const std::string> projections, std::span<const Shard> shards, Epoch epoch,
                                           Timestamp now) override;
  void carry_over(std::span<const Checkpoint> checkpoints, Epoch to) override;
  std::unique_ptr<ReadTransaction> begin() override;
  std::unique_ptr<ReadSnapshot> snapshot() override;

 private:
  std::unique_ptr<PostgresSession> session_;
};

}  // namespace ordersaga::projections
