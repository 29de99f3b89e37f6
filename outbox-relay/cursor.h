// How far a shard is published: everything up to `position` is confirmed on all its topics, and the record there stands at
// `offset` of its partition of the events topic, in that cluster.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "schemas/ids.h"

namespace ordersaga::relay {

struct Cursor {
  Shard shard;
  Epoch epoch;
  Position position;
  std::int64_t offset = 0;
  std::string cluster_id;
  bool operator==(const Cursor&) const = default;
};

// Throws events::StoreError. One thread at a time; many stores may work on the same cursors.
class CursorStore {
 public:
  virtual ~CursorStore() = default;
  virtual std::optional<Cursor> load(Shard shard) = 0;
  // Ignores each that is behind what is stored, in (epoch, position): a cursor never goes back.
  // REQUIRES: at most one of a shard.
  virtual void save(std::span<const Cursor> cursors) = 0;
};

class MemoryCursorStore final : public CursorStore {
 public:
  std::optional<Cursor> load(Shard shard) override;
  void save(std::span<const Cursor> cursors) override;

 private:
  std::map<Shard, Cursor> cursors_;
};

}  // namespace ordersaga::relay
