// How far a shard is published: everything up to `position` is confirmed on all its topics, and the record there stands at
// `offset` of its partition of the events topic, in that cluster.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schemas/ids.h"

namespace ordersaga::relay {

inline constexpr std::int64_t kSendAgain = -1;

struct Cursor {
  Shard shard;
  Epoch epoch;
  Position position;
  // kSendAgain: what comes after `position` is sent again, whatever stands on the topic.
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
  // Moves the cursors of those of `shards` back for which an operator has asked for that, and takes the requests away; both
  // or neither. Gives the new cursors, with kSendAgain.
  virtual std::vector<Cursor> rewind(std::span<const Shard> shards, Epoch epoch, const std::string& cluster_id) = 0;
  // Tells operators which of `shards` are halted, and why.
  virtual void show_halts(std::span<const Shard> shards, const std::map<Shard, std::string>& halted) = 0;
};

class MemoryCursorStore final : public CursorStore {
 public:
  std::optional<Cursor> load(Shard shard) override;
  void save(std::span<const Cursor> cursors) override;
  std::vector<Cursor> rewind(std::span<const Shard> shards, Epoch epoch, const std::string& cluster_id) override;
  void show_halts(std::span<const Shard> shards, const std::map<Shard, std::string>& halted) override;

  // As an operator.
  void request_republish(Shard shard, Position from) { requests_[shard] = from; }
  const std::map<Shard, std::string>& halts() const { return halts_; }

 private:
  std::map<Shard, Cursor> cursors_;
  std::map<Shard, Position> requests_;
  std::map<Shard, std::string> halts_;
};

}  // namespace ordersaga::relay
