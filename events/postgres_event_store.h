// The store's port over Postgres (schemas/sql, schema log).
//
// A session has one connection. It is made anew, at the next call, after it was lost; a call never retries by itself.
// While a turn is open, the session serves nothing else. About once a minute begin() first calls log.maintain(), which
// makes partitions ahead of their need.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/event_store.h"
#include "events/schema.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::events {

struct PostgresStoreOptions {
  // What libpq takes. Turns need the role ordersaga_writer; reading the log, any of ours.
  std::string target;
  // A session that has held a shard for longer than this when another one's lock timeout fires is terminated.
  std::chrono::milliseconds holder_limit{30'000};
};

class PostgresEventStore final : public EventStore {
 public:
  // Connects and checks the schema.
  explicit PostgresEventStore(PostgresStoreOptions options);
  ~PostgresEventStore() override;

  int shards() const override { return shards_; }
  Epoch epoch() override;
  std::vector<EpochStart> epoch_starts() override;
  std::unique_ptr<TurnTransaction> begin(std::span<const Shard> shards) override;
  std::unique_ptr<TurnTransaction> try_begin(std::span<const Shard> shards) override;
  std::vector<RecordedEvent> read_stream(std::string_view stream, Version after, std::size_t limit) override;
  std::vector<RecordedEvent> read_shards(std::span<const ShardPosition> after, std::size_t limit) override;
  std::vector<ShardHead> heads() override;
  std::vector<Wakeup> due_wakeups(std::span<const Shard> shards, Timestamp until, std::size_t limit) override;
  std::vector<Wakeup> outstanding_effects(Shard shard) override;
  std::vector<StockLevel> levels() override;
  std::vector<Wakeup> wakeups() override;
  Timestamp clock() override;
  std::vector<ParkedInput> parked_inputs(std::span<const Shard> shards) override;
  std::vector<OperatorCommand> operator_commands(std::span<const Shard> shards, std::size_t limit) override;
  std::vector<Custody> take_custody(std::span<const Shard> shards, std::string_view owner) override;
  void settle_custody(std::span<const Shard> shards, std::string_view owner) override;
  void release_custody(std::span<const Shard> shards, std::string_view owner) override;
  int note_attempt(Shard shard, std::string_view input) override;
  void clear_attempt(Shard shard, std::string_view input) override;

  // SQL statements sent by this session so far, over all its connections.
  std::uint64_t statements() const;

 private:
  runtime::postgres::Connection& connection();
  // Runs a read outside of turns.
  runtime::postgres::Rows read(const runtime::postgres::Statement& statement, const runtime::postgres::Parameters& parameters);
  void maintain_when_due();

  PostgresStoreOptions options_;
  int shards_ = 0;
  std::unique_ptr<runtime::postgres::Connection> connection_;
  std::uint64_t statements_before_ = 0;  // of earlier connections
  std::chrono::steady_clock::time_point next_maintenance_{};
};

}  // namespace ordersaga::events
