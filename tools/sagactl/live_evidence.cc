#include "tools/sagactl/live_evidence.h"

#include <fmt/format.h>

#include <charconv>

#include "projections/postgres_read_store.h"
#include "projections/rebuild.h"
#include "schemas/headers.h"

namespace ordersaga::sagactl {

namespace kafka = runtime::kafka;

namespace {

using runtime::postgres::Statement;

// A cursor of an earlier epoch stays where it is as long as nothing was appended above the present one's start.
constexpr Statement kCursor{"verify_cursor",
                            "SELECT log.carried_over(shard, epoch, position) FROM log.relay_cursors WHERE shard = $1::text::smallint"};

constexpr std::size_t kPerRead = 5'000;
constexpr std::size_t kMaxDifferences = 1'000;
constexpr auto kLookEvery = std::chrono::milliseconds(100);

std::int64_t number_of(const std::optional<std::string_view>& text) {
  std::int64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

verify::PublishedEvent to_event(const kafka::ConsumedMessage& m) {
  verify::PublishedEvent event;
  event.offset = m.offset;
  event.epoch = Epoch(static_cast<std::int32_t>(number_of(m.header(headers::kEpoch))));
  event.position = Position(number_of(m.header(headers::kPosition)));
  event.type = m.header(headers::kType).value_or("");
  event.key = m.key.value_or("");
  // A record of no stream names none.
  event.version = Version(static_cast<std::int32_t>(number_of(m.header(headers::kSequence))));
  if (event.version != Version(0)) event.stream = m.header(headers::kSubject).value_or("");
  event.value = m.value;
  return event;
}

}  // namespace

LiveTopic::LiveTopic(Context& context, std::chrono::milliseconds patience)
    : context_(context), until_(std::chrono::steady_clock::now() + patience), reader_(context.kafka(), context.options.timeout) {}

Epoch LiveTopic::epoch() {
  return Epoch(context_.database().installation().epoch);
}

std::vector<events::EpochStart> LiveTopic::epoch_starts() {
  return context_.store().epoch_starts();
}

Position LiveTopic::published(Shard shard, Position head) {
  for (;;) {
    Database::Rows rows = context_.database().query(kCursor, {std::to_string(shard.value)});
    if (!rows.empty() && rows.integer(0, 0) >= head.value) return head;
    if (head == Position(0) || std::chrono::steady_clock::now() >= until_) return head;  // what is missing is a finding
    context_.pause(kLookEvery);
  }
}

// Leaders move, above all just after a topic was made: that passes.
kafka::PartitionReader::Watermarks LiveTopic::watermarks(Shard shard) {
  for (;;) {
    try {
      return reader_.watermarks(topics::kEvents, shard.value);
    } catch (const kafka::KafkaError& error) {
      if (error.fatal || std::chrono::steady_clock::now() >= until_) throw;
      context_.explain(error.what());
      context_.pause(kLookEvery);
    }
  }
}

void LiveTopic::scan(Shard shard, const Visit& visit) {
  std::string topic(topics::kEvents);
  auto marks = watermarks(shard);
  for (std::int64_t next = marks.low; next < marks.high;) {
    throw_if_stopped();
    std::vector<kafka::ConsumedMessage> messages = reader_.read(topic, shard.value, next, kPerRead);
    if (messages.empty()) return;
    for (const kafka::ConsumedMessage& message : messages) visit(to_event(message));
    next = messages.back().offset + 1;
  }
}

std::vector<verify::RowDifference> LiveRebuild::compare_with_rebuild() {
  projections::PostgresReadStore live(connection_string(context_.settings).reveal());
  std::vector<Shard> shards;
  for (int s = 0; s < context_.store().shards(); ++s) shards.emplace_back(static_cast<std::int16_t>(s));
  projections::Comparison comparison =
      projections::compare_with_rebuild(context_.store(), live, shards, kMaxDifferences, [](std::uint64_t) { throw_if_stopped(); });
  std::vector<verify::RowDifference> rows;
  for (const projections::Difference& d : comparison.differences)
    rows.push_back({d.table, d.key.empty() ? fmt::format("of shard {}", d.shard.value) : d.key, d.what});
  return rows;
}

}  // namespace ordersaga::sagactl
