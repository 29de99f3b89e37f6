#include <utility>

#include "outbox-relay/cursor.h"

namespace ordersaga::relay {

std::optional<Cursor> MemoryCursorStore::load(Shard shard) {
  const auto found = cursors_.find(shard);
  return found == cursors_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryCursorStore::save(std::span<const Cursor> cursors) {
  for (const Cursor& c : cursors) {
    const auto [at, is_new] = cursors_.try_emplace(c.shard, c);
    if (!is_new && std::pair(c.epoch, c.position) >= std::pair(at->second.epoch, at->second.position)) at->second = c;
  }
}

std::vector<Cursor> MemoryCursorStore::rewind(std::span<const Shard> shards, Epoch epoch, const std::string& cluster_id) {
  std::vector<Cursor> moved;
  for (const Shard shard : shards) {
    const auto request = requests_.find(shard);
    if (request == requests_.end()) continue;
    moved.push_back({shard, epoch, Position(request->second.value - 1), kSendAgain, cluster_id});
    cursors_.insert_or_assign(shard, moved.back());
    requests_.erase(request);
  }
  return moved;
}

void MemoryCursorStore::show_halts(std::span<const Shard> shards, const std::map<Shard, std::string>& halted) {
  for (const Shard shard : shards) {
    halts_.erase(shard);
    if (const auto found = halted.find(shard); found != halted.end()) halts_.insert(*found);
  }
}

}  // namespace ordersaga::relay
