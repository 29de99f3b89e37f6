// From rows to what the port speaks of. Every statement that reads records selects kRecordColumns, in this order.
#pragma once

#include <vector>

#include "events/event_store.h"
#include "runtime/postgres/rows.h"

namespace ordersaga::events {

// clang-format off
#define ORDERSAGA_RECORD_COLUMNS "e.shard, e.position, e.stream, e.version, e.type, e.payload, e.metadata, e.recorded_at"
// clang-format on

std::vector<RecordedEvent> records_of(const runtime::postgres::Rows& rows);
// sku, location, on_hand, reserved
std::vector<StockLevel> levels_of(const runtime::postgres::Rows& rows);
// shard, saga, due_at, effect_outstanding
std::vector<Wakeup> wakeups_of(const runtime::postgres::Rows& rows);
// shard, position, recorded_at, metadata from column `first` on; the last three are null in an empty shard
ShardHead head_of(const runtime::postgres::Rows& rows, std::size_t row, int first);

}  // namespace ordersaga::events
