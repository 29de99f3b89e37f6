// The store's truth in memory: what several sessions (MemoryEventStore) share, as they would share a database.
//
// Thread-safe. With lock_timeout zero nobody ever waits, so a single thread can run many sessions: a shard that another
// session holds is ShardBusy at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "events/event_store.h"

namespace ordersaga::events {

// What becomes of one commit.
enum class CommitFate : std::uint8_t {
  done,
  refused,    // rolled back, and the caller knows: StoreUnavailable
  lost,       // rolled back, and the caller does not know: CommitInDoubt
  unheard,    // done, and the caller does not know: CommitInDoubt
  in_flight,  // CommitInDoubt; the locks stay until resolve_in_flight() decides
};

// Where a simulation steps in. Hooks run on the session's thread, without the log's mutex; the first two may throw a
// StoreError, which then is what the call throws.
struct MemoryHooks {
  std::function<void(std::span<const Shard>)> before_begin;
  std::function<void(const TurnWrite&)> before_write;
  std::function<CommitFate(const TurnWrite&)> at_commit;
};

class MemoryLog {
 public:
  struct Options {
    int shards = 4;
    Epoch epoch{1};
    std::chrono::milliseconds lock_timeout{0};
    std::chrono::hours inbox_window{24 * 15};  // what is older is refused; it is kept all the same
    std::function<Timestamp()> clock;
    MemoryHooks hooks;
  };
  explicit MemoryLog(Options options);

  int shards() const { return options_.shards; }
  Timestamp clock() const { return options_.clock(); }
  const MemoryHooks& hooks() const { return options_.hooks; }
  std::chrono::hours inbox_window() const { return options_.inbox_window; }
  Epoch epoch() const;
  void set_epoch(Epoch epoch);
  std::vector<EpochStart> epoch_starts() const;
  // As a restored backup does: the shard ends at the position. What it once had above is gone, inbox and streams as well;
  // tables beside the log stay.
  void take_back(Shard shard, Position head);
  // As an operator does after that: the next epoch, which starts after the position in each shard named, and after its
  // head in all others.
  void begin_epoch(std::span<const ShardPosition> starts);

  // Commits that are in flight, oldest first, and their end: applied or rolled back; then their locks are free.
  std::size_t in_flight() const;
  void resolve_in_flight(std::size_t index, bool applied);

  // What log.submit_operator_command() does; gives the command's id.
  std::int64_t submit(OperatorCommand command);

 private:
  friend class MemoryEventStore;
  friend class MemoryTurn;

  using StockKey = std::pair<std::string, std::string>;  // sku, location
  using WakeupKey = std::pair<Shard, std::string>;
  using Holder = std::uint64_t;  // a transaction; 0: none

  struct StockRow {
    std::int64_t on_hand = 0;
    std::int64_t reserved = 0;
  };
  struct ShardLog {
    std::vector<RecordedEvent> records;  // index: position - 1
    // Positions by stream; index: version - 1.
    std::map<std::string, std::vector<Position>, std::less<>> streams;
    Holder holder = 0;
  };
  struct InFlight {
    Holder holder;
    TurnWrite turn;
    Timestamp now;
  };

  // All below: REQUIRES the mutex.
  ShardLog& at(Shard shard);
  const ShardLog& at(Shard shard) const;
  ShardHead head(Shard shard) const;
  // Waits until `free()`; throws ShardBusy with `what` when that takes too long.
  void wait_until(std::unique_lock<std::mutex>& lock, const std::function<bool()>& free, const std::string& what);
  void lock_stock(std::unique_lock<std::mutex>& lock, Holder holder, const std::set<StockKey>& rows);
  std::string version_conflict(const TurnWrite& turn) const;
  std::vector<StockDelta> refused(const TurnWrite& turn) const;
  std::vector<Position> positions_of(const TurnWrite& turn) const;
  void apply(const TurnWrite& turn, Timestamp now);
  void apply_parking(const TurnWrite& turn, Timestamp now);
  void release(Holder holder);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  Epoch epoch_;
  std::vector<EpochStart> epoch_starts_;
  Holder last_holder_ = 0;
  std::vector<ShardLog> shards_;
  std::map<InboxKey, InboxEntry> inbox_;
  std::map<WakeupKey, Wakeup> wakeups_;
  std::map<StockKey, StockRow> stock_;
  std::map<StockKey, Holder> stock_locks_;
  std::vector<InFlight> in_flight_;
  std::int64_t last_id_ = 0;
  std::map<std::int64_t, ParkedInput> parked_;
  std::map<std::int64_t, OperatorCommand> operator_inbox_;
  struct Owner {
    std::string name;  // empty: given back
    int unclean_exits = 0;
  };
  std::map<Shard, Owner> custody_;
  std::map<std::pair<Shard, std::string>, int> attempts_;
};

}  // namespace ordersaga::events
