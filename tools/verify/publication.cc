#include "tools/verify/publication.h"

#include <fmt/format.h>

#include <functional>
#include <string_view>

namespace ordersaga::verify {

namespace {

constexpr std::uint64_t kFnvOffset = 14695981039346656037ULL;
constexpr std::uint64_t kFnvPrime = 1099511628211ULL;

std::uint64_t mix(std::uint64_t h, std::string_view bytes) {
  for (char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return (h ^ bytes.size()) * kFnvPrime;  // so that ("ab", "c") is not ("a", "bc")
}

// What a reader of the topic can see of a record. The bytes of commands stay in the log; re-serializing what is left of an
// input record makes both sides alike, however it was written.
std::uint64_t digest(std::string_view type, std::string_view key, std::string_view stream, Version version, std::string_view payload) {
  std::uint64_t h = mix(mix(mix(kFnvOffset, type), key), stream);
  h = mix(h, std::to_string(version.value));
  if (type == log::v1::InputRecord::descriptor()->full_name()) {
    log::v1::InputRecord input;
    if (input.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      input.clear_data();
      return mix(h, input.SerializeAsString());
    }
  }
  return mix(h, payload);
}

}  // namespace

void PublicationChecker::begin(const ShardSnapshot&) {
  records_.clear();
  last_ = Position(0);
  any_ = false;
}

void PublicationChecker::see(const LogEntry& entry) {
  const events::RecordedEvent& r = entry.record;
  std::string_view type = entry.message == nullptr ? std::string_view() : std::string_view(entry.message->GetDescriptor()->full_name());
  std::string_view key = r.stream.empty() ? std::string_view(entry.metadata.key()) : entry.stream.key;
  records_.push_back(digest(type, key, r.stream, r.version, r.payload));
}

void PublicationChecker::end(const ShardSnapshot& snapshot) {
  epoch_ = topic_.epoch();
  Position due = topic_.published(snapshot.shard, snapshot.head);
  topic_.scan(snapshot.shard, [&](const PublishedEvent& message) { see_message(snapshot, message); });
  if (last_ < due)
    findings_.add({"I11", fmt::format("partition {}", snapshot.shard.value), fmt::format("every position up to {}", due.value),
                   any_ ? fmt::format("the last one is {}", last_.value) : "no message"});
}

void PublicationChecker::see_message(const ShardSnapshot& snapshot, const PublishedEvent& message) {
  if (message.epoch != epoch_) return;  // of a life of the log that was taken back
  if (message.position.value < 1) {
    findings_.add({"I11", fmt::format("partition {} offset {}", snapshot.shard.value, message.offset), "a position",
                   fmt::format("{}", message.position.value)});
    return;
  }
  // Retention drops the oldest, so the first one there may have any position.
  if (message.position > last_) {
    if (any_ && message.position != last_.next())
      findings_.add({"I11", fmt::format("partition {} offset {}", snapshot.shard.value, message.offset),
                     fmt::format("position {} after {}", last_.value + 1, last_.value),
                     fmt::format("position {}: a gap", message.position.value)});
    if (!any_ && message.offset == 0 && message.position != Position(1))
      findings_.add({"I11", fmt::format("partition {} offset 0", snapshot.shard.value), "position 1",
                     fmt::format("position {}: a gap", message.position.value)});
    last_ = message.position;
    any_ = true;
  }
  auto index = static_cast<std::size_t>(message.position.value - 1);
  if (index >= records_.size()) return;  // recorded after the check began
  if (digest(message.type, message.key, message.stream, message.version, message.value) != records_[index])
    findings_.add({"I11", fmt::format("partition {} offset {}", snapshot.shard.value, message.offset),
                   fmt::format("the record at {}/{}", snapshot.shard.value, message.position.value),
                   fmt::format("other bytes: {} of {}/{}", message.type, message.stream, message.version.value)});
}

}  // namespace ordersaga::verify
