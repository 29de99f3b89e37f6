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

}  // namespace ordersaga::relay
