#include "tools/verify/publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "events/epochs.h"

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
  whole_.reset();
  gaps_.clear();
  began_at_.reset();
  furthest_stray_ = Position(0);
}

void PublicationChecker::see(const LogEntry& entry) {
  const events::RecordedEvent& r = entry.record;
  std::string_view type = entry.message == nullptr ? std::string_view() : std::string_view(entry.message->GetDescriptor()->full_name());
  std::string_view key = r.stream.empty() ? std::string_view(entry.metadata.key()) : entry.stream.key;
  records_.push_back(digest(type, key, r.stream, r.version, r.payload));
}

void PublicationChecker::end(const ShardSnapshot& snapshot) {
  epoch_ = topic_.epoch();
  starts_ = topic_.epoch_starts();
  const Position published = topic_.published(snapshot.shard, snapshot.head);
  topic_.scan(snapshot.shard, [&](const PublishedEvent& message) { see_message(snapshot, message); });
  report_gaps(snapshot.shard);
  // A stray is a record of the log, so that even one that was recorded after the check began is published anew.
  const Position due = std::max(published, furthest_stray_);
  if (last_ < due) report_end(snapshot.shard, due);
}

void PublicationChecker::see_message(const ShardSnapshot& snapshot, const PublishedEvent& message) {
  if (!whole_) whole_ = message.offset == 0;
  if (message.position.value < 1) {
    findings_.add({"I11", fmt::format("partition {} offset {}", snapshot.shard.value, message.offset), "a position",
                   fmt::format("{}", message.position.value)});
    return;
  }
  // Of a life of the log that was taken back.
  if (events::is_undone(starts_, snapshot.shard, message.epoch, message.position)) return;
  if (message.epoch > epoch_) {
    findings_.add({"I11", fmt::format("partition {} offset {}", snapshot.shard.value, message.offset),
                   fmt::format("an epoch up to the log's, {}", epoch_.value), fmt::format("epoch {}", message.epoch.value)});
    return;
  }
  take_place(message);
  compare(snapshot.shard, message);
}

void PublicationChecker::take_place(const PublishedEvent& message) {
  if (!gaps_.empty() && message.position == Position(1)) {
    // All before it were strays, and are due again from here on.
    gaps_.clear();
    furthest_stray_ = std::max(furthest_stray_, last_);
    began_at_ = message.offset;
    last_ = message.position;
    return;
  }
  if (message.position <= last_) return;  // a repetition
  // Retention drops the oldest, so the first one that is left may have any position.
  const bool is_next = any_ ? message.position == last_.next() : !*whole_ || message.position == Position(1);
  if (!is_next && gaps_.size() < kMaxGaps) gaps_.push_back({message.offset, last_, message.position});
  last_ = message.position;
  any_ = true;
}

void PublicationChecker::compare(Shard shard, const PublishedEvent& message) {
  auto index = static_cast<std::size_t>(message.position.value - 1);
  if (index >= records_.size()) return;  // recorded after the check began
  if (digest(message.type, message.key, message.stream, message.version, message.value) != records_[index])
    findings_.add({"I11", fmt::format("partition {} offset {}", shard.value, message.offset),
                   fmt::format("the record at {}/{}", shard.value, message.position.value),
                   fmt::format("other bytes: {} of {}/{}", message.type, message.stream, message.version.value)});
}

void PublicationChecker::report_gaps(Shard shard) {
  for (const Gap& gap : gaps_) {
    const std::string wanted =
        gap.after == Position(0) ? std::string("position 1") : fmt::format("position {} after {}", gap.after.value + 1, gap.after.value);
    findings_.add({"I11", fmt::format("partition {} offset {}", shard.value, gap.offset),
                   wanted + ", or that the publication begins again at position 1 further on",
                   fmt::format("position {}: a gap, and no such beginning", gap.position.value)});
  }
}

void PublicationChecker::report_end(Shard shard, Position due) {
  const std::string since =
      began_at_ ? fmt::format(" from offset {} on, where the publication begins again behind strays", *began_at_) : std::string();
  findings_.add({"I11", fmt::format("partition {}", shard.value), fmt::format("every position up to {}{}", due.value, since),
                 any_ ? fmt::format("the last one is {}", last_.value) : "no message"});
}

}  // namespace ordersaga::verify
