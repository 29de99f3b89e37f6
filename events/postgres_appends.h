// The part of a turn's write that only ever grows: its records, and the inbox entries of the commands they decide. The caller holds
// the shards' locks.
#pragma once

#include <optional>
#include <vector>

#include "events/event_store.h"
#include "events/seen_streams.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::events::postgres {

// `positions` are parallel to the turn's records. A conflict: the transaction can only be rolled back. A statement for each half a
// megabyte.
std::optional<VersionConflict> insert_records(runtime::postgres::Connection& connection, const TurnWrite& turn,
                                              const std::vector<Position>& positions, const SeenStreams& seen, Timestamp now);

// One statement.
void insert_inbox(runtime::postgres::Connection& connection, const TurnWrite& turn, const std::vector<Position>& positions, Timestamp now);

}  // namespace ordersaga::events::postgres
