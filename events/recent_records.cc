#include "events/recent_records.h"

#include <stdexcept>
#include <utility>

namespace ordersaga::events {

namespace {

// Of an empty run, room for so many records is kept for the next ones.
constexpr std::size_t kRoomKept = 1'024;

std::size_t bytes_of_held(const RecordedEvent& record) {
  return sizeof(RecordedEvent) + record.stream.size() + record.payload.size() + record.metadata.size();
}

}  // namespace

std::size_t RecentRecords::bytes_of(const NewRecord& record) {
  return sizeof(RecordedEvent) + record.stream.size() + record.payload.size() + record.metadata.size();
}

void RecentRecords::follow(Shard shard) {
  const std::lock_guard lock(mutex_);
  Run& run = runs_[shard];
  clear(run);
  run = Run();
}

void RecentRecords::leave(Shard shard) {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(shard);
  if (found == runs_.end()) return;
  clear(found->second);
  runs_.erase(found);
}

RecentRecords::Above RecentRecords::take(const Wanted& wanted, std::vector<RecordedEvent>& out) {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(wanted.shard);
  if (found == runs_.end() || found->second.epoch != wanted.epoch) return Above::unknown;
  Run& run = found->second;
  while (!run.empty() && run.records[run.taken].position <= wanted.after) pop(run);
  Position next = wanted.after.next();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < wanted.records && !run.empty(); ++i) {
    RecordedEvent& record = run.records[run.taken];
    bytes += record.payload.size() + record.metadata.size() + wanted.bytes_beside;
    if (record.position != next || bytes > wanted.bytes) break;
    bytes_ -= bytes_of_held(record);
    out.push_back(std::move(record));
    ++run.taken;
    next = next.next();
  }
  const bool is_cut = run.empty() && run.last >= next && next.value <= wanted.after.value + static_cast<std::int64_t>(wanted.records);
  tidy(run);
  if (next != wanted.after.next()) return is_cut ? Above::cut : Above::given;
  if (run.last > wanted.after) return Above::missing;
  return run.last == wanted.after && run.last.value > 0 ? Above::nothing : Above::unknown;
}

void RecentRecords::add(Epoch epoch, std::span<NewRecord> records, std::span<const Position> positions, Timestamp recorded_at) {
  if (records.size() != positions.size()) throw std::logic_error("a record was added without its position");
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto found = runs_.find(records[i].shard);
    if (found == runs_.end()) continue;
    Run& run = found->second;
    // What goes back is another life of the log, or comes from a writer that was overtaken.
    if (run.epoch != epoch || positions[i] <= run.last) clear(run);
    run.epoch = epoch;
    keep(run, records[i], positions[i], recorded_at);
  }
}

void RecentRecords::keep(Run& run, NewRecord& record, Position position, Timestamp recorded_at) {
  run.last = position;
  if (!run.empty() && run.records.back().position.next() != position) return;
  const std::size_t bytes = bytes_of(record);
  if (bytes_ + bytes > max_bytes_) return;
  bytes_ += bytes;
  run.records.push_back({record.shard, position, std::move(record.stream), record.version, record.type, std::move(record.payload),
                         std::move(record.metadata), recorded_at});
}

void RecentRecords::drop(std::span<const Shard> shards) {
  const std::lock_guard lock(mutex_);
  for (const Shard shard : shards) {
    const auto found = runs_.find(shard);
    if (found == runs_.end()) continue;
    clear(found->second);
    found->second.last = Position();
  }
}

std::size_t RecentRecords::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void RecentRecords::pop(Run& run) {
  RecordedEvent& record = run.records[run.taken++];
  bytes_ -= bytes_of_held(record);
  record = RecordedEvent();
}

// What was taken leaves room behind: it is used again, and no more of it is kept than is of use.
void RecentRecords::tidy(Run& run) {
  if (run.empty()) {
    run.taken = 0;
    if (run.records.capacity() > kRoomKept)
      run.records = {};
    else
      run.records.clear();
  } else if (run.taken * 2 > run.records.size()) {
    run.records.erase(run.records.begin(), run.records.begin() + static_cast<std::ptrdiff_t>(run.taken));
    run.taken = 0;
  }
}

void RecentRecords::clear(Run& run) {
  while (!run.empty()) pop(run);
  tidy(run);
}

}  // namespace ordersaga::events
