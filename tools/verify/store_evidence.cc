#include "tools/verify/store_evidence.h"

#include <algorithm>

#include "events/codec.h"
#include "ordersaga/log/v1/record.pb.h"

namespace ordersaga::verify {

namespace {

constexpr std::size_t kBatch = 1'000;

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    digits += kDigits[byte >> 4];
    digits += kDigits[byte & 15];
  }
  return digits;
}

}  // namespace

void StoreLog::scan(Shard shard, Position upto, const Visit& visit) {
  events::ShardPosition from{shard, Position(0)};
  while (from.position < upto) {
    std::vector<events::RecordedEvent> batch = store_.read_shards({&from, 1}, kBatch);
    if (batch.empty()) return;
    for (const events::RecordedEvent& record : batch) {
      if (record.position > upto) return;
      visit(record);
      from.position = std::max(from.position.next(), record.position);  // ends even when positions do not rise
    }
  }
}

ShardSnapshot QuietStoreTables::shard(Shard shard) {
  ShardSnapshot snapshot{.shard = shard, .head = Position(0), .now = store_.clock(), .wakeups = {}, .read = std::nullopt};
  for (const events::ShardHead& head : store_.heads())
    if (head.shard == shard) snapshot.head = head.position;
  for (const events::Wakeup& wakeup : store_.wakeups())
    if (wakeup.shard == shard) snapshot.wakeups.push_back({wakeup.saga, wakeup.effect_outstanding, wakeup.due_at});
  return snapshot;
}

LevelsAt QuietStoreTables::levels() {
  LevelsAt at;
  at.as_of.resize(static_cast<std::size_t>(store_.shards()));
  for (const events::ShardHead& head : store_.heads()) at.as_of[static_cast<std::size_t>(head.shard.value)] = head.position;
  at.levels = store_.levels();
  return at;
}

// The port finds inbox rows by their ids only, so this asks for those that the log names.
Inbox QuietStoreTables::inbox(Shard shard, Position upto) {
  std::vector<events::InboxKey> keys;
  StoreLog(store_).scan(shard, upto, [&](const events::RecordedEvent& record) {
    if (!record.stream.empty() || events::type_of(record.type) != log::v1::InputRecord::descriptor()) return;
    log::v1::InputRecord input;
    log::v1::RecordMetadata metadata;
    if (!input.ParseFromString(record.payload) || !metadata.ParseFromString(record.metadata)) return;
    keys.push_back({shard, metadata.key(), input.idempotency_key().empty() ? input.command_id() : input.idempotency_key()});
  });
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  Inbox inbox;
  inbox.complete_since = Timestamp::min();
  auto turn = store_.begin({&shard, 1});
  for (const events::InboxEntry& entry : turn->find_inbox(keys))
    if (entry.position <= upto) inbox.rows.push_back({entry.id.key, entry.id.message_id, entry.position, hexadecimal(entry.hash)});
  return inbox;
}

}  // namespace ordersaga::verify
