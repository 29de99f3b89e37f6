// The part of a turn's write that says when sagas must look again, in log.wakeups. The caller holds the shards' locks.
#pragma once

#include <vector>

#include "events/event_store.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::events::postgres {

// Sets or moves; a row that is so already is not written again. One statement.
void set_wakeups(runtime::postgres::Connection& connection, const std::vector<Wakeup>& wakeups);

// Of sagas that have ended. One statement.
void end_wakeups(runtime::postgres::Connection& connection, const std::vector<Wakeup>& ended);

}  // namespace ordersaga::events::postgres
