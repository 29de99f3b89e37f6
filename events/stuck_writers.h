// Who waited for a lock in vain looks who holds it, and ends what has held it for too long.
//
// A writer can stop at any instruction (a paused machine, a debugger, a full network buffer). Its own timeouts end most of
// such sessions, but not all: a result that nobody reads, a message that was half sent, and a COMMIT that waits for a
// standby escape them. So the next writer is the one that frees the shard.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "runtime/postgres/connection.h"
#include "schemas/ids.h"

namespace ordersaga::events {

// First key of the shards' advisory locks; the second is the shard. For ever: it is what writers of all versions meet at.
inline constexpr int kShardLocks = 7000;

// Throws ShardBusy with `what` and with who holds `shards` (none named: any shard, since rows of stock are shared by all),
// for how long and in which state. Sessions of the own role whose transaction is older than `limit` are terminated first,
// which the message says. REQUIRES: no open transaction on the connection.
[[noreturn]] void throw_shard_busy(runtime::postgres::Connection& connection, std::span<const Shard> shards,
                                   std::chrono::milliseconds limit, const std::string& what);

}  // namespace ordersaga::events
