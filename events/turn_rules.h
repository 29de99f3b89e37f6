// What every implementation of the store asks of a turn before it writes it, so that all refuse the same.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/event_store.h"

namespace ordersaga::events {

// The range of versions that a turn gives to one stream: first, first + 1, ….
struct StreamAppend {
  Shard shard;
  std::string_view stream;  // of TurnWrite::records
  Version first;
};

// Text that Postgres can hold: valid UTF-8 without NUL.
bool is_storable_text(std::string_view text);

// Throws BadData when `text` is not storable; `what` names it in the message.
void require_storable(std::string_view text, std::string_view what);

// Throws BadData for a record over its limit, for text that cannot be stored, and for an id that is twice in the turn.
// Throws std::logic_error for what only a mistake of the caller explains: a shard that is not locked, a record of a
// stream without a version or the other way round, a time before a head's.
void check_turn(const TurnWrite& turn, Timestamp now, std::span<const ShardHead> locked);

// Streams that the turn appends to. A stream whose versions are not consecutive in the turn itself is put in `conflict`.
std::vector<StreamAppend> stream_appends(const TurnWrite& turn, std::string& conflict);

// Throws std::logic_error unless the shards are such as begin() requires.
void require_ascending(std::span<const Shard> shards, int count);

// The shard of a stream, by its name. Throws BadData for a name that is none.
Shard shard_of_stream(std::string_view stream, int shards);

}  // namespace ordersaga::events
