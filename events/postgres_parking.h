// What the store keeps for operators: inputs that broke their turn, and commands that came through it instead of over Kafka.
#pragma once

#include <span>
#include <vector>

#include "events/event_store.h"
#include "runtime/postgres/connection.h"

namespace ordersaga::events::postgres {

// In the turn that the connection has open: parked, unparked and operator_done. No statement when all are empty.
// Throws BadData, and postgres' errors.
void write_parking(runtime::postgres::Connection& connection, const TurnWrite& turn, Timestamp now);
// Of the shards of these heads.
std::vector<ParkedInput> read_parked(runtime::postgres::Connection& connection, std::span<const ShardHead> locked,
                                     std::span<const std::int64_t> ids);

std::vector<ParkedInput> parked_inputs(runtime::postgres::Connection& connection, std::span<const Shard> shards);
std::vector<OperatorCommand> operator_commands(runtime::postgres::Connection& connection, std::span<const Shard> shards, std::size_t limit);

}  // namespace ordersaga::events::postgres
