#include "events/memory_log.h"

#include <algorithm>
#include <stdexcept>

#include "events/errors.h"
#include "events/turn_rules.h"

namespace ordersaga::events {

MemoryLog::MemoryLog(Options options) : options_(std::move(options)), epoch_(options_.epoch) {
  if (options_.shards < 1 || options_.shards > kMaxShards) throw std::invalid_argument("shards: 1 to " + std::to_string(kMaxShards));
  if (!options_.clock) throw std::invalid_argument("a memory log needs a clock");
  shards_.resize(static_cast<std::size_t>(options_.shards));
}

Epoch MemoryLog::epoch() const {
  std::lock_guard lock(mutex_);
  return epoch_;
}

void MemoryLog::set_epoch(Epoch epoch) {
  std::lock_guard lock(mutex_);
  epoch_ = epoch;
}

std::vector<EpochStart> MemoryLog::epoch_starts() const {
  std::lock_guard lock(mutex_);
  return epoch_starts_;
}

void MemoryLog::take_back(Shard shard, Position head) {
  std::lock_guard lock(mutex_);
  ShardLog& log = at(shard);
  if (head.value < 0 || head.value > static_cast<std::int64_t>(log.records.size())) throw std::invalid_argument("no such position");
  log.records.resize(static_cast<std::size_t>(head.value));
  for (auto stream = log.streams.begin(); stream != log.streams.end();) {
    std::erase_if(stream->second, [&](Position p) { return p > head; });
    stream = stream->second.empty() ? log.streams.erase(stream) : std::next(stream);
  }
  std::erase_if(inbox_, [&](const auto& e) { return e.first.shard == shard && e.second.position > head; });
}

void MemoryLog::begin_epoch(std::span<const ShardPosition> starts) {
  std::lock_guard lock(mutex_);
  epoch_ = Epoch(epoch_.value + 1);
  for (int s = 0; s < options_.shards; ++s) {
    EpochStart start{epoch_, Shard(static_cast<std::int16_t>(s)), {}};
    start.after = head(start.shard).position;
    for (const ShardPosition& named : starts)
      if (named.shard == start.shard) start.after = named.position;
    epoch_starts_.push_back(start);
  }
}

std::size_t MemoryLog::in_flight() const {
  std::lock_guard lock(mutex_);
  return in_flight_.size();
}

void MemoryLog::resolve_in_flight(std::size_t index, bool applied) {
  std::lock_guard lock(mutex_);
  InFlight ended = std::move(in_flight_.at(index));
  in_flight_.erase(in_flight_.begin() + static_cast<std::ptrdiff_t>(index));
  if (applied) apply(ended.turn, ended.now);
  release(ended.holder);
}

MemoryLog::ShardLog& MemoryLog::at(Shard shard) {
  return shards_.at(static_cast<std::size_t>(shard.value));
}

const MemoryLog::ShardLog& MemoryLog::at(Shard shard) const {
  return shards_.at(static_cast<std::size_t>(shard.value));
}

ShardHead MemoryLog::head(Shard shard) const {
  const ShardLog& log = at(shard);
  if (log.records.empty()) return {shard, Position(0), {}, {}};
  const RecordedEvent& last = log.records.back();
  return {shard, last.position, last.recorded_at, last.metadata};
}

void MemoryLog::wait_until(std::unique_lock<std::mutex>& lock, const std::function<bool()>& free, const std::string& what) {
  if (free()) return;
  if (options_.lock_timeout.count() == 0 || !released_.wait_for(lock, options_.lock_timeout, free))
    throw ShardBusy(what + " is held by another writer");
}

void MemoryLog::lock_stock(std::unique_lock<std::mutex>& lock, Holder holder, const std::set<StockKey>& rows) {
  for (const StockKey& row : rows) {
    auto free = [&] {
      auto held = stock_locks_.find(row);
      return held == stock_locks_.end() || held->second == holder;
    };
    wait_until(lock, free, "the stock level of " + row.first + " at " + row.second);
    stock_locks_[row] = holder;
  }
}

std::string MemoryLog::version_conflict(const TurnWrite& turn) const {
  std::string conflict;
  for (const StreamAppend& append : stream_appends(turn, conflict)) {
    const auto& streams = at(append.shard).streams;
    auto found = streams.find(append.stream);
    std::size_t last = found == streams.end() ? 0 : found->second.size();
    if (conflict.empty() && static_cast<std::size_t>(append.first.value) != last + 1) conflict = append.stream;
  }
  return conflict;
}

std::vector<StockDelta> MemoryLog::refused(const TurnWrite& turn) const {
  std::vector<StockDelta> out;
  for (const StockDelta& d : turn.stock) {
    auto found = stock_.find({d.sku, d.location});
    StockRow row = found == stock_.end() ? StockRow{} : found->second;
    bool exists = found != stock_.end() || d.create;
    if (!exists || row.on_hand + d.on_hand < 0 || row.reserved + d.reserved < 0) out.push_back(d);
  }
  return out;
}

std::vector<Position> MemoryLog::positions_of(const TurnWrite& turn) const {
  std::map<Shard, Position> last;
  std::vector<Position> positions;
  positions.reserve(turn.records.size());
  for (const NewRecord& r : turn.records) {
    auto [at_shard, is_new] = last.try_emplace(r.shard);
    if (is_new) at_shard->second = head(r.shard).position;
    at_shard->second = at_shard->second.next();
    positions.push_back(at_shard->second);
  }
  return positions;
}

void MemoryLog::apply(const TurnWrite& turn, Timestamp now) {
  std::vector<Position> positions = positions_of(turn);
  for (std::size_t i = 0; i < turn.records.size(); ++i) {
    const NewRecord& r = turn.records[i];
    ShardLog& log = at(r.shard);
    log.records.push_back({r.shard, positions[i], r.stream, r.version, r.type, r.payload, r.metadata, now});
    if (!r.stream.empty()) log.streams[r.stream].push_back(positions[i]);
  }
  for (const NewInboxEntry& e : turn.inbox) inbox_.emplace(e.id, InboxEntry{e.id, e.hash, positions[e.record], e.source});
  for (const Wakeup& w : turn.wakeups) wakeups_[{w.shard, w.saga}] = w;
  for (const Wakeup& w : turn.ended) wakeups_.erase({w.shard, w.saga});
  for (const StockDelta& d : turn.stock) {
    StockRow& row = stock_[{d.sku, d.location}];
    row.on_hand += d.on_hand;
    row.reserved += d.reserved;
  }
  apply_parking(turn, now);
}

void MemoryLog::apply_parking(const TurnWrite& turn, Timestamp now) {
  for (std::int64_t id : turn.unparked) parked_.erase(id);
  for (const ParkedInput& p : turn.parked) {
    auto known = std::ranges::find_if(
        parked_, [&](const auto& k) { return k.second.shard == p.shard && k.second.saga == p.saga && k.second.kind == p.kind; });
    ParkedInput row = p;
    row.id = known == parked_.end() ? ++last_id_ : known->first;
    row.attempts = known == parked_.end() ? 1 : known->second.attempts + 1;
    row.parked_at = now;
    parked_[row.id] = std::move(row);
    if (auto wakeup = wakeups_.find({p.shard, p.saga}); wakeup != wakeups_.end()) wakeup->second.due_at = kNever;
  }
  for (std::int64_t id : turn.operator_done) operator_inbox_.erase(id);
}

std::int64_t MemoryLog::submit(OperatorCommand command) {
  std::lock_guard lock(mutex_);
  command.id = ++last_id_;
  operator_inbox_[command.id] = command;
  return command.id;
}

void MemoryLog::release(Holder holder) {
  for (ShardLog& shard : shards_)
    if (shard.holder == holder) shard.holder = 0;
  std::erase_if(stock_locks_, [&](const auto& held) { return held.second == holder; });
  released_.notify_all();
}

}  // namespace ordersaga::events
