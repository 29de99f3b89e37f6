// The part of a turn's write that says when sagas must look again, in log.wakeups. The caller holds the shards' locks.
#pragma once

#include <vector>

#include "events/event_store.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::events::postgres {

// Sets or moves those of `set`, and removes those of `ended`; a row that is so already is not written again. No saga twice. One
// statement.
void write_wakeups(runtime::postgres::Connection& connection, const std::vector<Wakeup>& set, const std::vector<Wakeup>& ended);

}  // namespace ordersaga::events::postgres
