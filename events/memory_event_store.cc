#include "events/memory_event_store.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "events/errors.h"
#include "events/turn_rules.h"

namespace ordersaga::events {

class MemoryTurn final : public TurnTransaction {
 public:
  MemoryTurn(MemoryLog& log, std::span<const Shard> shards) : log_(log) {
    std::unique_lock lock(log_.mutex_);
    holder_ = ++log_.last_holder_;
    try {
      for (Shard shard : shards) {
        MemoryLog::ShardLog& at = log_.at(shard);
        log_.wait_until(
            lock, [&] { return at.holder == 0; }, "shard " + std::to_string(shard.value));
        at.holder = holder_;
      }
    } catch (...) {
      log_.release(holder_);
      throw;
    }
    for (Shard shard : shards) heads_.push_back(log_.head(shard));
    epoch_ = log_.epoch_;
    clock_ = log_.clock();
  }
  ~MemoryTurn() override { end(); }

  const std::vector<ShardHead>& heads() const override { return heads_; }
  Timestamp clock() const override { return clock_; }
  Epoch epoch() const override { return epoch_; }
  Timestamp inbox_since() const override { return clock_ - log_.inbox_window() + kInboxMargin; }

  std::vector<InboxEntry> find_inbox(std::span<const InboxKey> keys) override {
    std::lock_guard lock(log_.mutex_);
    std::vector<InboxEntry> found;
    for (const InboxKey& key : keys) {
      require_storable(key.key, "a command's key");
      require_storable(key.message_id, "a command's id");
      if (auto at = log_.inbox_.find(key); at != log_.inbox_.end()) found.push_back(at->second);
    }
    return found;
  }

  std::vector<RecordedEvent> read_streams(std::span<const std::string> streams) override {
    std::lock_guard lock(log_.mutex_);
    // By name, so that a stream comes once, however often it is named.
    std::map<std::string, std::pair<const MemoryLog::ShardLog*, const std::vector<Position>*>> named;
    for (const std::string& name : streams) {
      require_storable(name, "a stream's name");
      const MemoryLog::ShardLog& shard = log_.at(locked(shard_of_stream(name, log_.shards())));
      bool prefix = name.ends_with('.');
      for (auto at = shard.streams.lower_bound(name); at != shard.streams.end(); ++at) {
        if (prefix ? !at->first.starts_with(name) : at->first != name) break;
        named.emplace(at->first, std::pair(&shard, &at->second));
      }
    }
    std::vector<RecordedEvent> out;
    for (const auto& [name, stream] : named)
      for (Position p : *stream.second) out.push_back(stream.first->records.at(static_cast<std::size_t>(p.value - 1)));
    return out;
  }

  std::vector<StockLevel> read_levels(std::span<const std::string> skus, LockRows lock_rows) override {
    std::unique_lock lock(log_.mutex_);
    std::set<MemoryLog::StockKey> rows;
    for (const std::string& sku : skus) {
      require_storable(sku, "a SKU");
      for (auto at = log_.stock_.lower_bound({sku, ""}); at != log_.stock_.end() && at->first.first == sku; ++at) rows.insert(at->first);
    }
    if (lock_rows == LockRows::yes) log_.lock_stock(lock, holder_, rows);
    std::vector<StockLevel> out;
    for (const MemoryLog::StockKey& row : rows) {
      const MemoryLog::StockRow& level = log_.stock_.at(row);
      out.push_back({row.first, row.second, level.on_hand, level.reserved});
    }
    return out;
  }

  std::vector<RecordedEvent> read_records(std::span<const std::pair<Shard, Position>> places) override {
    std::lock_guard lock(log_.mutex_);
    std::set<std::pair<Shard, Position>> sorted(places.begin(), places.end());
    std::vector<RecordedEvent> out;
    for (const auto& [shard, position] : sorted) {
      const auto& records = log_.at(shard).records;
      if (position.value >= 1 && position.value <= static_cast<std::int64_t>(records.size()))
        out.push_back(records[static_cast<std::size_t>(position.value - 1)]);
    }
    return out;
  }

  std::vector<ParkedInput> read_parked(std::span<const std::int64_t> ids) override {
    std::lock_guard lock(log_.mutex_);
    std::vector<ParkedInput> out;
    for (std::int64_t id : std::set<std::int64_t>(ids.begin(), ids.end())) {
      auto at = log_.parked_.find(id);
      if (at == log_.parked_.end()) continue;
      if (std::ranges::any_of(heads_, [&](const ShardHead& h) { return h.shard == at->second.shard; })) out.push_back(at->second);
    }
    return out;
  }

  WriteOutcome write(const TurnWrite& turn, Timestamp now) override {
    if (state_ != State::open) throw std::logic_error("a turn is written once");
    state_ = State::failed;
    check_turn(turn, now, heads_);
    if (log_.hooks().before_write) log_.hooks().before_write(turn);
    std::unique_lock lock(log_.mutex_);
    if (std::string conflict = log_.version_conflict(turn); !conflict.empty()) return VersionConflict{conflict};
    for (const NewInboxEntry& e : turn.inbox)
      if (log_.inbox_.contains(e.id)) throw BadData("the command " + e.id.message_id + " of " + e.id.key + " is in the inbox already");
    std::set<MemoryLog::StockKey> rows;
    for (const StockDelta& d : turn.stock) rows.emplace(d.sku, d.location);
    log_.lock_stock(lock, holder_, rows);
    if (std::vector<StockDelta> refused = log_.refused(turn); !refused.empty()) return StockRefused{std::move(refused)};
    turn_ = turn;
    now_ = now;
    state_ = State::written;
    return Written{log_.positions_of(turn)};
  }

  void commit() override {
    if (state_ != State::open && state_ != State::written) throw std::logic_error("a turn that failed cannot be committed");
    CommitFate fate = log_.hooks().at_commit ? log_.hooks().at_commit(turn_) : CommitFate::done;
    state_ = State::failed;
    if (fate == CommitFate::refused) throw StoreUnavailable("the commit was refused");
    if (fate == CommitFate::in_flight) {
      std::lock_guard lock(log_.mutex_);
      log_.in_flight_.push_back({holder_, std::move(turn_), now_});
      holder_ = 0;
    } else {
      std::lock_guard lock(log_.mutex_);
      if (fate != CommitFate::lost) log_.apply(turn_, now_);
      log_.release(std::exchange(holder_, 0));
    }
    if (fate != CommitFate::done) throw CommitInDoubt("the answer to a commit was lost");
  }

 private:
  enum class State : std::uint8_t { open, written, failed };

  void end() {
    if (holder_ == 0) return;
    std::lock_guard lock(log_.mutex_);
    log_.release(std::exchange(holder_, 0));
  }
  Shard locked(Shard shard) const {
    for (const ShardHead& h : heads_)
      if (h.shard == shard) return shard;
    throw std::logic_error("shard " + std::to_string(shard.value) + " is not locked by this turn");
  }

  MemoryLog& log_;
  MemoryLog::Holder holder_ = 0;
  std::vector<ShardHead> heads_;
  Epoch epoch_;
  Timestamp clock_{};
  State state_ = State::open;
  TurnWrite turn_;
  Timestamp now_{};
};

std::unique_ptr<TurnTransaction> MemoryEventStore::begin(std::span<const Shard> shards) {
  require_ascending(shards, log_.shards());
  if (log_.hooks().before_begin) log_.hooks().before_begin(shards);
  return std::make_unique<MemoryTurn>(log_, shards);
}

std::unique_ptr<TurnTransaction> MemoryEventStore::try_begin(std::span<const Shard> shards) {
  require_ascending(shards, log_.shards());
  if (log_.hooks().before_begin) log_.hooks().before_begin(shards);
  {
    std::lock_guard lock(log_.mutex_);
    for (Shard shard : shards)
      if (log_.at(shard).holder != 0) return nullptr;
  }
  return std::make_unique<MemoryTurn>(log_, shards);
}

std::vector<RecordedEvent> MemoryEventStore::read_stream(std::string_view stream, Version after, std::size_t limit) {
  require_storable(stream, "a stream's name");
  std::lock_guard lock(log_.mutex_);
  const MemoryLog::ShardLog& shard = log_.at(shard_of_stream(stream, log_.shards()));
  std::vector<RecordedEvent> out;
  auto found = shard.streams.find(stream);
  if (found == shard.streams.end()) return out;
  for (auto v = static_cast<std::size_t>(std::max(0, after.value)); v < found->second.size() && out.size() < limit; ++v)
    out.push_back(shard.records.at(static_cast<std::size_t>(found->second[v].value - 1)));
  return out;
}

std::vector<RecordedEvent> MemoryEventStore::read_shards(std::span<const ShardPosition> after, std::size_t limit) {
  std::lock_guard lock(log_.mutex_);
  std::vector<ShardPosition> sorted(after.begin(), after.end());
  std::ranges::sort(sorted, {}, &ShardPosition::shard);
  std::vector<RecordedEvent> out;
  for (const ShardPosition& from : sorted) {
    const auto& records = log_.at(from.shard).records;
    auto first = static_cast<std::size_t>(std::max<std::int64_t>(0, from.position.value));
    for (std::size_t i = first; i < records.size() && i - first < limit; ++i) out.push_back(records[i]);
  }
  return out;
}

std::vector<ShardHead> MemoryEventStore::heads() {
  std::lock_guard lock(log_.mutex_);
  std::vector<ShardHead> out;
  for (int s = 0; s < log_.shards(); ++s) out.push_back(log_.head(Shard(static_cast<std::int16_t>(s))));
  return out;
}

std::vector<Wakeup> MemoryEventStore::due_wakeups(std::span<const Shard> shards, Timestamp until, std::size_t limit) {
  std::vector<Wakeup> due;
  for (Wakeup& w : wakeups())
    if (w.due_at <= until && std::ranges::find(shards, w.shard) != shards.end()) due.push_back(std::move(w));
  std::ranges::sort(due, {}, [](const Wakeup& w) { return std::tie(w.due_at, w.shard, w.saga); });
  if (due.size() > limit) due.resize(limit);
  return due;
}

std::vector<Wakeup> MemoryEventStore::outstanding_effects(Shard shard) {
  std::vector<Wakeup> out;
  for (Wakeup& w : wakeups())
    if (w.shard == shard && w.effect_outstanding) out.push_back(std::move(w));
  return out;
}

std::vector<StockLevel> MemoryEventStore::levels() {
  std::lock_guard lock(log_.mutex_);
  std::vector<StockLevel> out;
  for (const auto& [key, row] : log_.stock_) out.push_back({key.first, key.second, row.on_hand, row.reserved});
  return out;
}

std::vector<Wakeup> MemoryEventStore::wakeups() {
  std::lock_guard lock(log_.mutex_);
  std::vector<Wakeup> out;
  for (const auto& [key, wakeup] : log_.wakeups_) out.push_back(wakeup);
  return out;
}

std::vector<ParkedInput> MemoryEventStore::parked_inputs(std::span<const Shard> shards) {
  std::lock_guard lock(log_.mutex_);
  std::vector<ParkedInput> out;
  for (const auto& [id, parked] : log_.parked_)
    if (std::ranges::find(shards, parked.shard) != shards.end()) out.push_back(parked);
  return out;
}

std::vector<OperatorCommand> MemoryEventStore::operator_commands(std::span<const Shard> shards, std::size_t limit) {
  std::lock_guard lock(log_.mutex_);
  std::vector<OperatorCommand> out;
  for (const auto& [id, command] : log_.operator_inbox_)
    if (out.size() < limit && std::ranges::find(shards, command.shard) != shards.end()) out.push_back(command);
  return out;
}

std::vector<Custody> MemoryEventStore::take_custody(std::span<const Shard> shards, std::string_view owner) {
  std::lock_guard lock(log_.mutex_);
  std::vector<Custody> out;
  for (Shard shard : shards) {
    auto [at, is_new] = log_.custody_.try_emplace(shard);
    at->second.unclean_exits = at->second.name.empty() ? 0 : at->second.unclean_exits + 1;
    at->second.name = owner;
    out.push_back({shard, at->second.unclean_exits});
  }
  return out;
}

void MemoryEventStore::settle_custody(std::span<const Shard> shards, std::string_view owner) {
  std::lock_guard lock(log_.mutex_);
  for (Shard shard : shards)
    if (auto at = log_.custody_.find(shard); at != log_.custody_.end() && at->second.name == owner) at->second.unclean_exits = 0;
}

void MemoryEventStore::release_custody(std::span<const Shard> shards, std::string_view owner) {
  std::lock_guard lock(log_.mutex_);
  for (Shard shard : shards)
    if (auto at = log_.custody_.find(shard); at != log_.custody_.end() && at->second.name == owner) at->second = {};
}

int MemoryEventStore::note_attempt(Shard shard, std::string_view input) {
  std::lock_guard lock(log_.mutex_);
  return ++log_.attempts_[{shard, std::string(input)}];
}

void MemoryEventStore::clear_attempt(Shard shard, std::string_view input) {
  std::lock_guard lock(log_.mutex_);
  log_.attempts_.erase({shard, std::string(input)});
}

}  // namespace ordersaga::events
