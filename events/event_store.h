// The port of the event store: one log in S shards, one writer to a shard at a time (docs/ARCHITECTURE.md, "The log").
//
// An EventStore is one session with the store. It is used by one thread at a time; sessions are independent.
// Every call may throw the StoreErrors of errors.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "events/recorded_event.h"
#include "schemas/ids.h"

namespace ordersaga::events {

struct ShardHead {
  Shard shard;
  Position position;        // 0: empty
  Timestamp recorded_at{};  // of the record at `position`
  std::string metadata;     // of the record at `position`
};

// Identity of a command: an idempotency key counts within the partition key of its aggregate.
struct InboxKey {
  Shard shard;
  std::string key;
  std::string message_id;
  auto operator<=>(const InboxKey&) const = default;
};

// A command that was decided before.
struct InboxEntry {
  InboxKey id;
  std::string hash;    // of the raw bytes; the same id with other bytes is another command
  Position position;   // of its input record
  std::string source;  // "<topic>/<partition>/<offset>" it was decided from: a redelivery has the same
};

// A command decided in this turn. `record` is the index of its input record in TurnWrite::records.
struct NewInboxEntry {
  InboxKey id;
  std::string hash;
  std::size_t record = 0;
  std::string source;
};

// A saga's next wake-up; one for each live saga. effect_outstanding: it waits for a call to the outside, which who takes
// the shard over sends again.
struct Wakeup {
  Shard shard;
  std::string saga;  // its stream
  Timestamp due_at{};
  bool effect_outstanding = false;
};

struct StockLevel {
  std::string sku;
  std::string location;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
};

// At most one a (sku, location) in a turn. `create`: the row is made when it is not there.
struct StockDelta {
  std::string sku;
  std::string location;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  bool create = false;
};

// An input of a saga that broke the turn that was to decide it; it waits for an operator. At most one a saga and kind.
struct ParkedInput {
  std::int64_t id = 0;  // given by the store
  Shard shard;
  std::string saga;  // its stream
  std::string kind;  // result, wakeup or resume
  std::string data;  // of a result: a serialized ordersaga.saga.v1.EffectResult
  std::string code;
  std::string reason;
  int attempts = 0;  // how often it has broken a turn; counted by the store
  Timestamp parked_at{};
};

// A command that an operator left in the store instead of sending it over Kafka. It stays until a turn ends it.
struct OperatorCommand {
  std::int64_t id = 0;
  Shard shard;
  std::string key;
  std::string message_id;
  std::string type;  // full name of the Protobuf message in `data`
  std::string content_type;
  std::string actor;  // who was logged in
  std::string data;
};

// When a saga whose input is parked wakes up by itself: 9999-12-31.
inline constexpr Timestamp kNever{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}};

// All that one turn writes.
struct TurnWrite {
  std::vector<NewRecord> records;
  // Each version in `records` follows from what the caller read under this turn's locks, or keeps from a turn of its own that left the
  // shard at the very head this one found. Nobody else can have appended since, so the log need not be asked once more.
  bool versions_are_known = false;
  std::vector<NewInboxEntry> inbox;
  std::vector<Wakeup> wakeups;  // inserted or replaced
  std::vector<Wakeup> ended;    // wake-ups of sagas that ended (shard and saga count)
  std::vector<StockDelta> stock;
  // Inserted, or one attempt more; the saga's wake-up, when it has one, is put off to kNever.
  std::vector<ParkedInput> parked;
  std::vector<std::int64_t> unparked;       // ids that are parked no longer
  std::vector<std::int64_t> operator_done;  // ids of operators' commands that this turn ends
};

// How far the clocks that stamp commands and the store's may be apart before a repeated one could be taken for a new one.
inline constexpr std::chrono::hours kInboxMargin{1};

// Outcomes of a write that are no failures of the store. A version that the log has already is a conflict even where versions_are_known;
// a store may then see it only in the part of the log that it writes to.
struct Written {
  std::vector<Position> positions;  // parallel to TurnWrite::records
};
struct VersionConflict {
  std::string stream;  // has another last version than was expected; empty: the store cannot tell which one
};
struct StockRefused {
  std::vector<StockDelta> refused;  // would have made a level negative, or the row does not exist
};
using WriteOutcome = std::variant<Written, VersionConflict, StockRefused>;

enum class LockRows : bool { no, yes };

// One turn's transaction. Its shards are locked until it ends; destroying it without commit() rolls it back.
class TurnTransaction {
 public:
  virtual ~TurnTransaction() = default;

  // Heads of the locked shards, in the order in which they were asked for, and the store's clock, read after the locks
  // were got.
  virtual const std::vector<ShardHead>& heads() const = 0;
  virtual Timestamp clock() const = 0;
  virtual Epoch epoch() const = 0;
  // A command that was sent before this is refused: it may have been decided, and its inbox entry dropped since. An hour is
  // allowed for the broker's clock and the store's to be apart.
  virtual Timestamp inbox_since() const = 0;

  // Those of `keys` that were decided before; one statement.
  virtual std::vector<InboxEntry> find_inbox(std::span<const InboxKey> keys) = 0;
  // All records of the streams, by stream and version, each once; one statement. The names tell the shards
  // (schemas/streams.h), which must be locked. An element that ends with '.' names every stream of its shard that begins
  // with it: "payment-<id>." brings all payments of the order, and may bring some of an order whose id begins with "<id>.".
  virtual std::vector<RecordedEvent> read_streams(std::span<const std::string> streams) = 0;
  // All locations of the SKUs; unknown SKUs give no row. LockRows::yes locks them, in key order.
  virtual std::vector<StockLevel> read_levels(std::span<const std::string> skus, LockRows lock) = 0;
  virtual std::vector<RecordedEvent> read_records(std::span<const std::pair<Shard, Position>> places) = 0;  // throws LeafDetached

  // Those of the ids that are parked, in these shards.
  virtual std::vector<ParkedInput> read_parked(std::span<const std::int64_t> ids) = 0;

  // Called once, last. The number of statements does not depend on how much is written. `now` becomes the records'
  // recorded_at. After another outcome than Written only destruction is allowed.
  // REQUIRES: now ≥ every locked head's recorded_at.
  virtual WriteOutcome write(const TurnWrite& turn, Timestamp now) = 0;
  // Throws CommitInDoubt when the fate of the commit is not known.
  virtual void commit() = 0;
};

struct ShardPosition {
  Shard shard;
  Position position;
};

// An epoch of a shard: what stands above `after` was recorded in it. Epoch 1 starts after 0 and is not listed.
struct EpochStart {
  Epoch epoch;
  Shard shard;
  Position after;
};

// How a shard was found when it was taken.
struct Custody {
  Shard shard;
  int unclean_exits = 0;  // how many owners before, in a row, did not give it back
};

class EventStore {
 public:
  virtual ~EventStore() = default;

  virtual int shards() const = 0;
  virtual Epoch epoch() = 0;
  // Where the epochs after the first one began; usually none did (events/epochs.h). By epoch and shard.
  virtual std::vector<EpochStart> epoch_starts() = 0;

  // Locks the shards and begins a turn. REQUIRES: `shards` ascending, without duplicates, not empty.
  // Waits for other writers of these shards; throws ShardBusy when that takes longer than the lock timeout.
  virtual std::unique_ptr<TurnTransaction> begin(std::span<const Shard> shards) = 0;
  // The same without waiting: null when another writer holds one of them.
  virtual std::unique_ptr<TurnTransaction> try_begin(std::span<const Shard> shards) = 0;

  // Records of one stream with a version above `after`, ascending, at most `limit`.
  virtual std::vector<RecordedEvent> read_stream(std::string_view stream, Version after, std::size_t limit) = 0;
  // Records of each shard above its position, ascending by shard and position, at most `limit` of each shard.
  virtual std::vector<RecordedEvent> read_shards(std::span<const ShardPosition> after, std::size_t limit) = 0;
  virtual std::vector<ShardHead> heads() = 0;

  // Wake-ups of the shards with due_at ≤ until, earliest first.
  virtual std::vector<Wakeup> due_wakeups(std::span<const Shard> shards, Timestamp until, std::size_t limit) = 0;
  // Wake-ups of the shard whose saga waits for a call to the outside.
  virtual std::vector<Wakeup> outstanding_effects(Shard shard) = 0;
  virtual std::vector<StockLevel> levels() = 0;
  virtual std::vector<Wakeup> wakeups() = 0;
  virtual Timestamp clock() = 0;

  // Oldest first.
  virtual std::vector<ParkedInput> parked_inputs(std::span<const Shard> shards) = 0;
  virtual std::vector<OperatorCommand> operator_commands(std::span<const Shard> shards, std::size_t limit) = 0;

  // Who works on a shard, so that the next one knows whether that ended well. Each is a statement of its own, committed when
  // it returns, and none of them guards anything: the turn's locks do.
  virtual std::vector<Custody> take_custody(std::span<const Shard> shards, std::string_view owner) = 0;
  // Counts the unclean exits from zero again, for shards that are still this owner's.
  virtual void settle_custody(std::span<const Shard> shards, std::string_view owner) = 0;
  // Gives those back that are still this owner's.
  virtual void release_custody(std::span<const Shard> shards, std::string_view owner) = 0;
  // Counts a try of the input that is about to be decided; gives their number, this one included.
  virtual int note_attempt(Shard shard, std::string_view input) = 0;
  virtual void clear_attempt(Shard shard, std::string_view input) = 0;
};

}  // namespace ordersaga::events
