// One turn's transaction on a connection that has begun it and holds its shards' locks.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "events/event_store.h"
#include "events/seen_streams.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::events {

class PostgresTurn final : public TurnTransaction {
 public:
  // Reads the heads; the statement that got the locks must be done. Rolls back when it throws (postgres' errors).
  // The connection outlives the turn. A row of stock that is not got within the lock timeout is ShardBusy, and who has held
  // a shard for longer than `holder_limit` by then is terminated.
  PostgresTurn(runtime::postgres::Connection& connection, int shards, std::span<const Shard> locked,
               std::chrono::milliseconds holder_limit);
  ~PostgresTurn() override;

  const std::vector<ShardHead>& heads() const override { return heads_; }
  Timestamp clock() const override { return clock_; }
  Epoch epoch() const override { return epoch_; }
  Timestamp inbox_since() const override { return inbox_since_; }
  std::vector<InboxEntry> find_inbox(std::span<const InboxKey> keys) override;
  std::vector<RecordedEvent> read_streams(std::span<const std::string> streams) override;
  std::vector<StockLevel> read_levels(std::span<const std::string> skus, LockRows lock) override;
  std::vector<RecordedEvent> read_records(std::span<const std::pair<Shard, Position>> places) override;
  std::vector<ParkedInput> read_parked(std::span<const std::int64_t> ids) override;
  WriteOutcome write(const TurnWrite& turn, Timestamp now) override;
  void commit() override;

 private:
  enum class State : std::uint8_t { open, failed, ended };

  // Runs what waits for rows that other turns lock.
  template <class F>
  auto among_other_turns(F&& f) -> decltype(f());
  void read_heads(std::span<const Shard> locked);
  void require_locked(Shard shard) const;
  std::vector<Position> positions_of(const TurnWrite& turn) const;
  // Gives the refused.
  std::vector<StockDelta> change_stock(const std::vector<StockDelta>& deltas);

  runtime::postgres::Connection& connection_;
  const int shards_;
  const std::chrono::milliseconds holder_limit_;
  State state_ = State::open;
  bool written_ = false;
  std::vector<ShardHead> heads_;
  Epoch epoch_;
  Timestamp clock_{};
  Timestamp inbox_since_{};
  SeenStreams seen_;
  bool has_archive_ = false;  // leaves of the log are detached
};

}  // namespace ordersaga::events
