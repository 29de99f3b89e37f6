// Records that are not in the log's table any more, but in a leaf that was detached and archived. Who needs one must hear
// of it: to skip it would be a silent hole, and to take its stream for an empty one would begin an order anew.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "events/event_store.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::events {

// The first position that is missing in what was read above `after` (a run of each shard, ascending), if any: positions are
// dense, and the newest leaf is never detached.
std::optional<ShardPosition> first_hole(std::span<const ShardPosition> after, std::span<const RecordedEvent> read);

// Throws LeafDetached, which names the leaf, when a detached one holds the position.
void require_not_detached(runtime::postgres::Connection& connection, const ShardPosition& position);

// Throws LeafDetached that names the leaf which holds the position, or StoreError when none does: the log is broken.
[[noreturn]] void throw_hole(runtime::postgres::Connection& connection, const ShardPosition& missing);

// Throws LeafDetached when the key of one of the streams is over and lies in a detached leaf. One statement.
void require_not_archived(runtime::postgres::Connection& connection, std::span<const std::string_view> streams, int shards);

}  // namespace ordersaga::events
