#include "events/turn_rules.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

#include "events/errors.h"
#include "schemas/streams.h"

namespace ordersaga::events {

namespace {

// Length of the well-formed UTF-8 sequence at the start of `text` (not empty); 0 when it is none.
std::size_t utf8_sequence(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    unsigned high = lead == 0xED ? 0x9F : 0xBF;  // no surrogates
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    unsigned high = lead == 0xF4 ? 0x8F : 0xBF;  // nothing above U+10FFFF
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

class LockedShards {
 public:
  explicit LockedShards(std::span<const ShardHead> heads) : heads_(heads) {}
  void require(Shard shard) const {
    for (const ShardHead& h : heads_)
      if (h.shard == shard) return;
    throw std::logic_error("a turn writes to shard " + std::to_string(shard.value) + ", which it has not locked");
  }

 private:
  std::span<const ShardHead> heads_;
};

void check_record(const NewRecord& r) {
  if (r.payload.size() + r.metadata.size() > kMaxRecordBytes)
    throw BadData("a record of " + std::to_string(r.payload.size() + r.metadata.size()) + " bytes is over the limit of " +
                  std::to_string(kMaxRecordBytes));
  if (r.stream.empty() != (r.version == Version(0)))
    throw std::logic_error("a record has a stream without a version, or a version without a stream");
  require_storable(r.stream, "a stream's name");
}

void check_wakeups(const TurnWrite& turn, const LockedShards& locked) {
  std::unordered_set<std::string_view> sagas;
  for (const std::vector<Wakeup>* wakeups : {&turn.wakeups, &turn.ended})
    for (const Wakeup& w : *wakeups) {
      locked.require(w.shard);
      require_storable(w.saga, "a saga's name");
      if (!sagas.insert(w.saga).second) throw std::logic_error("two wake-ups of one saga in one turn: " + w.saga);
    }
}

void check_parked(const std::vector<ParkedInput>& parked, const LockedShards& locked) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const ParkedInput& p : parked) {
    locked.require(p.shard);
    require_storable(p.saga, "a saga's name");
    require_storable(p.code, "a code");
    require_storable(p.reason, "a reason");
    if (!seen.emplace(p.saga, p.kind).second) throw std::logic_error("two inputs of one kind are parked for " + p.saga);
  }
}

}  // namespace

bool is_storable_text(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = text[0] == '\0' ? 0 : utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void require_storable(std::string_view text, std::string_view what) {
  if (!is_storable_text(text)) throw BadData(std::string(what) + " holds a NUL or is no UTF-8");
}

void check_turn(const TurnWrite& turn, Timestamp now, std::span<const ShardHead> locked_heads) {
  LockedShards locked(locked_heads);
  for (const ShardHead& h : locked_heads)
    if (now < h.recorded_at) throw std::logic_error("a turn's time lies before the last record of shard " + std::to_string(h.shard.value));
  for (const NewRecord& r : turn.records) {
    locked.require(r.shard);
    check_record(r);
  }
  std::set<InboxKey> ids;
  for (const NewInboxEntry& e : turn.inbox) {
    locked.require(e.id.shard);
    if (e.record >= turn.records.size()) throw std::logic_error("an inbox entry names no record of its turn");
    require_storable(e.id.key, "a command's key");
    require_storable(e.id.message_id, "a command's id");
    require_storable(e.source, "a command's source");
    if (!ids.insert(e.id).second) throw BadData("the command " + e.id.message_id + " is twice in one turn");
  }
  check_wakeups(turn, locked);
  check_parked(turn.parked, locked);
  std::set<std::pair<std::string_view, std::string_view>> rows;
  for (const StockDelta& d : turn.stock) {
    require_storable(d.sku, "a SKU");
    require_storable(d.location, "a location");
    if (!rows.emplace(d.sku, d.location).second) throw std::logic_error("two changes of one stock level in one turn: " + d.sku);
  }
}

std::vector<StreamAppend> stream_appends(const TurnWrite& turn, std::string& conflict) {
  struct Known {
    std::size_t index;
    Version last;
  };
  std::vector<StreamAppend> appends;
  std::unordered_map<std::string_view, Known> known;
  for (const NewRecord& r : turn.records) {
    if (r.stream.empty()) continue;
    auto [at, is_new] = known.try_emplace(r.stream, Known{appends.size(), r.version});
    if (is_new) {
      appends.push_back({r.shard, r.stream, r.version});
    } else if (r.version == at->second.last.next()) {
      at->second.last = r.version;
    } else if (conflict.empty()) {
      conflict = r.stream;
    }
  }
  return appends;
}

void require_ascending(std::span<const Shard> shards, int count) {
  if (shards.empty()) throw std::logic_error("a turn locks at least one shard");
  for (std::size_t i = 0; i < shards.size(); ++i) {
    if (shards[i].value < 0 || shards[i].value >= count) throw std::logic_error("no such shard: " + std::to_string(shards[i].value));
    if (i > 0 && !(shards[i - 1] < shards[i])) throw std::logic_error("the shards of a turn are named in ascending order");
  }
}

Shard shard_of_stream(std::string_view stream, int shards) {
  std::string_view key = stream_key(stream);
  if (key.empty()) throw BadData("not the name of a stream: '" + std::string(stream) + "'");
  return shard_of(key, shards);
}

}  // namespace ordersaga::events
