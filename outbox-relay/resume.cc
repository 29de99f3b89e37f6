#include "outbox-relay/resume.h"

#include <fmt/format.h>

#include <algorithm>

#include "events/epochs.h"
#include "outbox-relay/message.h"
#include "runtime/log.h"
#include "schemas/headers.h"

namespace ordersaga::relay {

namespace {

using events::RecordedEvent;
using runtime::kafka::ConsumedMessage;

constexpr std::size_t kChunk = 1'000;

// Records of one shard, read in pieces.
class LogPieces {
 public:
  LogPieces(events::EventStore& store, Shard shard) : store_(store), shard_(shard) {}

  // Null when the log has no such record.
  const RecordedEvent* at(Position position) {
    if (const RecordedEvent* record = find(position)) return record;
    const events::ShardPosition after{shard_, Position(position.value - 1)};
    piece_ = store_.read_shards({&after, 1}, kChunk);
    return find(position);
  }

 private:
  const RecordedEvent* find(Position position) const {
    if (piece_.empty() || position < piece_.front().position || position > piece_.back().position) return nullptr;
    const RecordedEvent& record = piece_[static_cast<std::size_t>(position.value - piece_.front().position.value)];
    return record.position == position ? &record : nullptr;
  }

  events::EventStore& store_;
  Shard shard_;
  std::vector<RecordedEvent> piece_;
};

// The first record that is not older than `time`, or one past the head.
Position first_since(events::EventStore& store, Shard shard, Timestamp time) {
  auto record_after = [&](Position position) {
    const events::ShardPosition after{shard, position};
    return store.read_shards({&after, 1}, 1);
  };
  std::vector<RecordedEvent> first = record_after(Position(0));
  if (first.empty()) return Position(1);
  if (first[0].recorded_at >= time) return first[0].position;
  Position older = first[0].position;
  Position newer(older.value + 1);
  for (const events::ShardHead& head : store.heads())
    if (head.shard == shard) newer = head.position.next();
  while (older.next() < newer) {
    const Position middle(older.value + (newer.value - older.value) / 2);
    const std::vector<RecordedEvent> record = record_after(Position(middle.value - 1));
    if (record.empty() || record[0].recorded_at >= time)
      newer = middle;
    else
      older = middle;
  }
  return newer;
}

// How a message of the topic stands to the log.
enum class Standing {
  like,     // it is the log's record
  foreign,  // no record of ours
  undone,   // of a life of the log that is over
  contradictory
};

class Tail {
 public:
  Tail(events::EventStore& store, runtime::kafka::PartitionReader& reader, const ResumeQuestion& question)
      : store_(store), reader_(reader), question_(question), log_(store, question.shard) {
    if (const auto& cursor = question.cursor)
      carried_ = events::carried_over(question.starts, question.shard, cursor->epoch, cursor->position);
  }
  // The next question may be far: until then the reader would fetch, and keep, what the relay itself publishes.
  ~Tail() { reader_.rest(); }
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  Resume resume();

 private:
  std::vector<ConsumedMessage> read(std::int64_t offset, std::size_t max) {
    return reader_.read(topics::kEvents, question_.shard.value, offset, max);
  }
  Standing judge(const ConsumedMessage& message, Position& position);
  // Whether the record at the cursor's offset is the cursor's.
  bool cursor_holds(const runtime::kafka::PartitionReader::Watermarks& marks);
  void start_without_cursor(const runtime::kafka::PartitionReader::Watermarks& marks, Position first_seen);
  void scan(std::int64_t from, const runtime::kafka::PartitionReader::Watermarks& marks);

  events::EventStore& store_;
  runtime::kafka::PartitionReader& reader_;
  const ResumeQuestion& question_;
  LogPieces log_;
  Position carried_;  // what the cursor is worth in this epoch
  ResumePoint point_;
  bool started_ = false;  // point_.confirmed is known
  std::optional<Contradiction> contradiction_;
};

Standing Tail::judge(const ConsumedMessage& message, Position& position) {
  const std::optional<Place> place = place_of(message);
  if (!place) {
    runtime::log::error("a message on the events topic is no record", {{"partition", message.partition}, {"offset", message.offset}});
    return Standing::foreign;
  }
  position = place->position;
  const bool is_ours = place->shard == question_.shard;
  if (is_ours && events::is_undone(question_.starts, place->shard, place->epoch, place->position)) return Standing::undone;
  const RecordedEvent* record = is_ours ? log_.at(place->position) : nullptr;
  if (place->epoch <= question_.epoch && record != nullptr && is_same(message, *record)) return Standing::like;
  contradiction_ = {fmt::format("offset {} of the events topic has position {}/{} in epoch {}, {} in epoch {}", message.offset,
                                place->shard.value, place->position.value, place->epoch.value,
                                record == nullptr ? "which the log does not have" : "which is another record in the log",
                                question_.epoch.value)};
  return Standing::contradictory;
}

bool Tail::cursor_holds(const runtime::kafka::PartitionReader::Watermarks& marks) {
  const Cursor& cursor = *question_.cursor;
  if (cursor.cluster_id != question_.cluster_id || cursor.offset >= marks.high) return false;
  if (cursor.offset < marks.low) return true;  // gone by retention, so that nothing can be asked
  const std::vector<ConsumedMessage> found = read(cursor.offset, 1);
  if (found.empty() || found[0].offset != cursor.offset) return false;
  Position position;
  const Standing wanted = carried_ < cursor.position ? Standing::undone : Standing::like;
  return judge(found[0], position) == wanted && position == cursor.position;
}

void Tail::start_without_cursor(const runtime::kafka::PartitionReader::Watermarks& marks, Position first_seen) {
  const Position first_kept = first_since(store_, question_.shard, question_.keep_after);
  // A partition that was never trimmed and does not begin with the first record lacks its beginning.
  const bool whole = first_seen.value > 0 && (marks.low > 0 || first_seen <= first_kept);
  point_.confirmed = point_.on_topic = Position((whole ? first_seen : first_kept).value - 1);
  started_ = true;
}

void Tail::scan(std::int64_t from, const runtime::kafka::PartitionReader::Watermarks& marks) {
  while (from < marks.high && !contradiction_) {
    const std::vector<ConsumedMessage> chunk = read(from, kChunk);
    if (chunk.empty()) break;
    from = chunk.back().offset + 1;
    for (const ConsumedMessage& message : chunk) {
      Position position;
      const Standing standing = judge(message, position);
      if (standing == Standing::contradictory) return;
      if (standing != Standing::like) continue;
      if (!started_) start_without_cursor(marks, position);
      if (position != point_.on_topic.next()) continue;  // a repetition, or beyond a gap
      point_.on_topic = position;
      point_.on_topic_offset = message.offset;
    }
  }
}

Resume Tail::resume() {
  const auto marks = reader_.watermarks(topics::kEvents, question_.shard.value);
  point_.last_offset = marks.high - 1;
  if (question_.cursor && question_.cursor->offset == kSendAgain) {
    point_.confirmed = point_.on_topic = carried_;
    return point_;
  }
  std::int64_t from = marks.low;
  if (question_.cursor && cursor_holds(marks)) {
    point_.confirmed = point_.on_topic = carried_;
    if (carried_ == question_.cursor->position) point_.on_topic_offset = question_.cursor->offset;
    started_ = true;
    from = std::max(marks.low, question_.cursor->offset + 1);
  } else {
    point_.kafka_lost_data = question_.cursor.has_value();
  }
  if (!contradiction_) scan(from, marks);
  if (contradiction_) return *contradiction_;
  if (!started_) start_without_cursor(marks, Position(0));
  return point_;
}

}  // namespace

Resume find_resume_point(events::EventStore& store, runtime::kafka::PartitionReader& reader, const ResumeQuestion& question) {
  return Tail(store, reader, question).resume();
}

}  // namespace ordersaga::relay
