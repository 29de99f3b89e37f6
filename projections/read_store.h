// The port of the read models' store: tables and checkpoints, changed in one transaction.
//
// A ReadStore is one session, used by one thread at a time, with at most one transaction or snapshot open. Every call may
// throw the StoreErrors of events/errors.h: BadData when the rows were refused, CommitInDoubt when the fate of a commit is
// unknown (read the checkpoints again: they tell), StoreUnavailable otherwise.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "projections/row_block.h"
#include "projections/table.h"
#include "schemas/ids.h"

namespace ordersaga::projections {

// How far a projection has applied a shard.
struct Checkpoint {
  std::string projection;
  Shard shard;
  Epoch epoch;
  Position position;
  // Raised when a rebuilt table takes the place of the live one.
  std::int32_t generation = 0;
};

// A checkpoint's move: from the position where its owner believes it to be.
struct Advance {
  std::string projection;
  Shard shard;
  Epoch epoch;
  Position from;
  Position to;
  std::int32_t generation = 0;
};

// A view of the tables at one moment.
class ReadSnapshot {
 public:
  virtual ~ReadSnapshot() = default;
  virtual std::vector<Checkpoint> checkpoints() = 0;
  // Calls `each` with every row that the shard's records made, in no particular order.
  virtual void scan(const Table& table, Shard shard, const std::function<void(Row&&)>& each) = 0;
};

// Destroying it without commit() rolls it back.
class ReadTransaction {
 public:
  virtual ~ReadTransaction() = default;
  // Moves the checkpoints, and holds them against others until the end. False when one of them is not where it was
  // believed to be: somebody else has applied these records; only destruction is allowed then.
  virtual bool advance(std::span<const Advance> moves, Timestamp now) = 0;
  // The rows whose first columns are one of `keys` (all of one length); keys without rows give none.
  virtual std::vector<Row> select(const Table& table, std::span<const Row> keys) = 0;
  // These three: no key twice. BadData as soon as one row is not as it must be, and then only destruction is allowed.
  // Inserts whole rows, of which none may be there.
  virtual void insert(const RowBlock& rows) = 0;
  // Changes rows, which must all be there, in the columns that may change. REQUIRES: Part::changing.
  virtual void update(const RowBlock& rows) = 0;
  // Inserts whole rows or replaces them.
  virtual void upsert(const RowBlock& rows) = 0;
  // Inserts; rows whose primary key exists already are left as they are.
  virtual void append(const Table& table, std::span<const Row> rows) = 0;
  // Removes the rows with these primary keys, those that are there.
  virtual void erase(const Table& table, std::span<const Row> keys) = 0;
  virtual void commit() = 0;
};

class ReadStore {
 public:
  virtual ~ReadStore() = default;
  // The checkpoints of these projections on these shards; those that do not exist are made, at position 0 of `epoch`.
  virtual std::vector<Checkpoint> open_checkpoints(std::span<const std::string> projections, std::span<const Shard> shards, Epoch epoch,
                                                   Timestamp now) = 0;
  // Puts these checkpoints into a later epoch, at the same position; those that are not there any more as they are told stay.
  virtual void carry_over(std::span<const Checkpoint> checkpoints, Epoch to) = 0;
  virtual std::unique_ptr<ReadTransaction> begin() = 0;
  virtual std::unique_ptr<ReadSnapshot> snapshot() = 0;
};

}  // namespace ordersaga::projections
