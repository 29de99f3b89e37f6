// Who works on a shard, and what it was about to decide (log.custody, log.attempts). Each call is one statement, committed
// when it returns. All throw postgres' errors.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "events/event_store.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::events::postgres {

std::vector<Custody> take_custody(runtime::postgres::Connection& connection, std::span<const Shard> shards, std::string_view owner);
void settle_custody(runtime::postgres::Connection& connection, std::span<const Shard> shards, std::string_view owner);
void release_custody(runtime::postgres::Connection& connection, std::span<const Shard> shards, std::string_view owner);
int note_attempt(runtime::postgres::Connection& connection, Shard shard, std::string_view input);
void clear_attempt(runtime::postgres::Connection& connection, Shard shard, std::string_view input);

}  // namespace ordersaga::events::postgres
