// How the store fails. Outcomes that a turn must handle are values (event_store.h); these are the infrastructure's
// failures, classified once, where they are first seen.
#pragma once

#include <stdexcept>
#include <string>

namespace ordersaga::events {

// Base: nothing was committed by the call that threw, except for CommitInDoubt.
struct StoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The connection is gone, the server shuts down, a deadlock or serialization failure: try again, on a new connection
// where needed (the store does that by itself at the next begin).
struct StoreUnavailable : StoreError {
  using StoreError::StoreError;
};

// Another writer has held one of the shards, or a row of stock, for longer than the lock timeout. The message names it.
struct ShardBusy : StoreError {
  explicit ShardBusy(const std::string& what, int sessions_terminated = 0) : StoreError(what), terminated(sessions_terminated) {}
  int terminated;  // sessions that had held one for too long, and were ended
};

// COMMIT was sent and its result is not known. Never decide by reading without the lock: begin again on the same
// shards, and the inbox and the streams tell what became of it.
struct CommitInDoubt : StoreError {
  using StoreError::StoreError;
};

// The data were refused (SQLSTATE classes 22, 23, 54; a record over its limit): trying again will not help.
struct BadData : StoreError {
  using StoreError::StoreError;
};

// What was asked for is in a leaf of the log that was detached and archived; the message names it. For a turn it is bad data:
// trying again will not help, until an operator has attached the leaf.
struct LeafDetached : BadData {
  using BadData::BadData;
};

// The database is not what this program needs: absent, not migrated, other number of shards. The message says what to do.
struct StoreMisconfigured : StoreError {
  using StoreError::StoreError;
};

}  // namespace ordersaga::events
