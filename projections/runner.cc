#include "projections/runner.h"

#include <algorithm>
#include <utility>

#include "events/epochs.h"
#include "projections/base64.h"
#include "projections/redrive.h"
#include "runtime/log.h"

namespace ordersaga::projections {

namespace {

namespace kafka = runtime::kafka;

// Messages are read as records in portions of this size: the memory of a message is used again for one of the next portion, while it
// is still in the processor's cache.
constexpr std::size_t kPolled = 256;

// What one shard may read from the log in one step, so that a long gap does not starve the others.
constexpr std::size_t kLeastFill = 100;

std::string text(Position position) {
  return std::to_string(position.value);
}

}  // namespace

Runner::Runner(kafka::Consumer& consumer, events::EventStore& log, ReadStore& store, const runtime::Clock& clock, ProjectionSet projections,
               RunnerOptions options)
    : consumer_(consumer), log_(log), store_(store), clock_(clock), projections_(std::move(projections)), options_(options) {
  for (const auto& p : projections_) {
    counters_.lags.push_back(std::make_unique<Lag>());
    counters_.lags.back()->projection = p->name();
  }
}

std::size_t Runner::Pending::bytes() const {
  if (const auto* message = std::get_if<MessageRecord>(&content)) return message->record.event.payload.size();
  return std::get<UnreadableMessage>(content).value_base64.size();
}

std::size_t Runner::step() {
  poll();
  try {
    open();
    watch_lag();
    std::size_t dealt_with = apply();
    balance_pauses();
    return dealt_with;
  } catch (...) {
    // What was committed is not known here; the checkpoints tell.
    open_ = false;
    balance_pauses();
    throw;
  }
}

bool Runner::has_work() const {
  return std::any_of(followed_.begin(), followed_.end(), [&](const auto& entry) {
    if (halted_.contains(entry.first)) return false;
    auto standing = standings_.find(entry.first);
    bool behind = standing == standings_.end() || standing->second.reached() < entry.second.read_until;
    return behind || !entry.second.pending.empty();
  });
}

void Runner::poll() {
  auto timeout = has_work() ? std::chrono::milliseconds(0) : options_.poll_timeout;
  for (;;) {
    const std::size_t most = std::min(kPolled, options_.max_batch - std::min(waiting_, options_.max_batch - 1));
    kafka::Polled polled = consumer_.poll(most, timeout);
    for (const kafka::Rebalance& change : polled.rebalances) rebalance(change);
    for (kafka::ConsumedMessage& message : polled.messages) receive(std::move(message));
    if (is_full()) return;
    if (polled.messages.size() == most) {
      timeout = std::chrono::milliseconds(0);
      continue;
    }
    const bool waited = timeout.count() > 0;
    timeout = time_to_gather();
    if (timeout.count() <= 0 || (polled.messages.empty() && waited)) return;
  }
}

std::chrono::milliseconds Runner::time_to_gather() const {
  if (last_batch_ < options_.busy) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(last_commit_ + options_.gather - clock_.steady());
}

void Runner::rebalance(const kafka::Rebalance& change) {
  for (std::int32_t partition : change.partitions) {
    Shard shard(static_cast<std::int16_t>(partition));
    if (auto left = followed_.find(shard); left != followed_.end()) {
      for (const Pending& pending : left->second.pending) waiting_bytes_ -= pending.bytes();
      waiting_ -= left->second.pending.size();
      followed_.erase(left);
    }
    standings_.erase(shard);
    halted_.erase(shard);
    outdated_.erase(shard);
    if (!change.assigned) continue;
    Followed& followed = followed_[shard];
    followed.topic = change.topic;
    followed.caught_up_at = followed.moved_at = clock_.steady();
    open_ = false;
  }
  counters_.halted_shards = static_cast<std::int64_t>(halted_.size());
}

void Runner::receive(kafka::ConsumedMessage&& message) {
  Shard shard(static_cast<std::int16_t>(message.partition));
  auto followed = followed_.find(shard);
  if (followed == followed_.end() || halted_.contains(shard)) return;
  auto read = read_message(std::move(message));
  Pending& pending = followed->second.pending.emplace_back();
  pending.offset = message.offset;
  if (auto* record = std::get_if<MessageRecord>(&read))
    pending.content = std::move(*record);
  else
    pending.content = UnreadableMessage{message.topic,         message.partition,
                                        message.offset,        base64(message.key.value_or("")),
                                        base64(message.value), std::get<NoRecord>(read).reason,
                                        clock_.now()};
  ++waiting_;
  waiting_bytes_ += pending.bytes();
}

void Runner::open() {
  if (open_) return;
  std::vector<Shard> shards;
  for (const auto& [shard, followed] : followed_) shards.push_back(shard);
  standings_ = {};
  life_ = life_of(log_);
  if (!shards.empty()) standings_ = open_standings(store_, projections_, shards, life_, clock_.now());
  open_ = true;
  judge_epochs();
}

void Runner::judge_epochs() {
  for (const auto& [shard, standing] : standings_) {
    std::string reason = outdated_of(standing, projections_);
    if (outdated_.contains(shard) && reason.empty()) {
      outdated_.erase(shard);
      halted_.erase(shard);
      counters_.halted_shards = static_cast<std::int64_t>(halted_.size());
      runtime::log::info("a shard's projections go on", {{"shard", shard.value}, {"epoch", standing.epoch.value}});
    } else if (!reason.empty() && outdated_.insert(shard).second) {
      halt(shard, reason);
    }
  }
}

void Runner::watch_lag() {
  auto now = clock_.steady();
  if (now - lag_watched_at_ < options_.lag_every && lag_watched_at_.count() != 0) return;
  lag_watched_at_ = now;
  // Rows may have been made anew, and an epoch may have begun that no message tells of.
  if (!outdated_.empty() || log_.epoch() != life_.epoch) {
    open_ = false;
    open();
  }
  for (const events::ShardHead& head : log_.heads())
    if (auto followed = followed_.find(head.shard); followed != followed_.end()) followed->second.head = head.position;

  std::vector<std::int64_t> behind(projections_.size(), 0);
  std::chrono::microseconds longest{};
  for (auto& [shard, followed] : followed_) {
    const ShardStanding& standing = standings_.at(shard);
    for (std::size_t p = 0; p < behind.size(); ++p)
      behind[p] += std::max<std::int64_t>(0, followed.head.value - standing.by_projection[p].reached.value);
    if (standing.reached() >= followed.head) {
      followed.caught_up_at = now;
    } else if (now - followed.moved_at >= options_.patience && followed.read_until < followed.head && !halted_.contains(shard)) {
      followed.read_until = followed.head;
      ++counters_.gaps;
      runtime::log::warn("no message brings the records of a shard; reading them from the log",
                         {{"shard", shard.value}, {"reached", standing.reached().value}, {"head", followed.head.value}});
    }
    longest = std::max(longest, now - followed.caught_up_at);
  }
  for (std::size_t p = 0; p < behind.size(); ++p) {
    counters_.lags[p]->events = behind[p];
    counters_.lags[p]->millis = behind[p] == 0 ? 0 : std::chrono::duration_cast<std::chrono::milliseconds>(longest).count();
  }
  serve_operators();
}

void Runner::serve_operators() {
  std::vector<Row> names, shards;
  for (const auto& p : projections_) names.push_back({to_cell(std::string(p->name()))});
  for (const auto& [shard, followed] : followed_)
    if (!halted_.contains(shard)) shards.push_back({to_cell(shard)});
  if (shards.empty()) return;
  std::set<std::string> paused;
  std::vector<Request> requests;
  {
    auto transaction = store_.begin();
    for (const Row& cells : transaction->select(table_of<Pause>(), names)) paused.insert(from_row<Pause>(cells).projection);
    for (const Row& cells : transaction->select(table_of<Request>(), shards)) requests.push_back(from_row<Request>(cells));
  }
  take_up(paused);
  std::sort(requests.begin(), requests.end(), [](const Request& a, const Request& b) { return a.id < b.id; });
  for (const Request& request : requests) {
    if (std::none_of(projections_.begin(), projections_.end(), [&](const auto& p) { return p->name() == request.projection; })) continue;
    Redriven redriven;
    do {
      redriven = redrive(store_, log_, projections_, standings_, request, clock_.now());
      if (!redriven.committed) {
        open_ = false;  // somebody else follows the shard: the request is theirs
        return open();
      }
      counters_.redriven += static_cast<std::uint64_t>(redriven.done.applied);
    } while (!redriven.finished);
    runtime::log::info("parked records were redriven", {{"projection", request.projection},
                                                        {"key", request.key},
                                                        {"action", request.action},
                                                        {"actor", request.actor},
                                                        {"applied", redriven.done.applied},
                                                        {"discarded", redriven.done.discarded},
                                                        {"remaining", redriven.done.remaining}});
  }
}

void Runner::take_up(const std::set<std::string>& paused) {
  for (std::size_t p = 0; p < projections_.size(); ++p) {
    std::string name(projections_[p]->name());
    bool pause = paused.contains(name), changed = false;
    for (auto& [shard, standing] : standings_) {
      changed |= standing.by_projection[p].paused != pause;
      standing.by_projection[p].paused = pause;
      // What passed it by comes from the log.
      if (Followed& followed = followed_.at(shard); changed && !pause) followed.read_until = std::max(followed.read_until, followed.head);
    }
    if (changed) runtime::log::info(pause ? "a projection is paused" : "a projection goes on", {{"projection", name}});
  }
}

std::size_t Runner::apply() {
  // 1. Take what the shards have, in order and without holes.
  arena_.Reset();
  Batch batch;
  std::map<Shard, Taken> taken;
  std::size_t dealt_with = 0;
  for (auto& [shard, followed] : followed_) {
    if (halted_.contains(shard)) continue;
    Taken& t = taken[shard];
    t.end = standings_.at(shard).reached();
    take(shard, followed, batch, t);
    dealt_with += t.messages + t.filled;
  }
  if (dealt_with == 0) return 0;

  // 2. Rows and checkpoints in one transaction.
  Applied applied{true, 0};
  if (!batch.records.empty() || !batch.unreadable.empty()) applied = apply_batch(store_, projections_, standings_, batch, clock_.now());
  if (!applied.committed) {
    ++counters_.overtaken;
    open_ = false;
    return dealt_with;
  }

  // 3. Then the offsets: a crash before brings duplicates, which the checkpoint knows.
  finish(taken, batch, applied);
  return dealt_with;
}

void Runner::take(Shard shard, Followed& followed, Batch& batch, Taken& taken) {
  while (taken.messages < followed.pending.size()) {
    if (batch.records.size() >= options_.max_batch || !take_message(shard, followed, batch, taken)) return;
  }
  if (taken.end < followed.read_until) fill(shard, followed.read_until, batch, taken);
}

bool Runner::take_message(Shard shard, Followed& followed, Batch& batch, Taken& taken) {
  Pending& next = followed.pending[taken.messages];
  if (const auto* unreadable = std::get_if<UnreadableMessage>(&next.content)) {
    batch.unreadable.push_back(*unreadable);
    ++taken.messages;
    return true;
  }
  const auto& [record, epoch] = std::get<MessageRecord>(next.content);
  Epoch ours = standings_.at(shard).epoch;
  if (epoch <= ours && (record.position() <= taken.end || events::is_undone(life_.starts, shard, epoch, record.position()))) {
    ++taken.duplicates;
    ++taken.messages;
    return true;
  }
  if (epoch > ours) {
    if (log_.epoch() > ours) {
      open_ = false;  // an epoch has begun
      return false;
    }
    halt(shard, "a message is of epoch " + std::to_string(epoch.value) + ", the read models are of epoch " + std::to_string(ours.value));
    return false;
  }
  if (record.position() != taken.end.next()) {
    if (!std::exchange(followed.gap_noticed, true)) {
      ++counters_.gaps;
      runtime::log::warn("messages are missing; reading their records from the log",
                         {{"shard", shard.value}, {"from", taken.end.value + 1}, {"to", record.position().value - 1}});
    }
    return fill(shard, Position(record.position().value - 1), batch, taken);
  }
  followed.gap_noticed = false;
  taken.end = record.position();
  add_message(next, batch);
  ++taken.messages;
  return true;
}

// The truth is the log: a message whose bytes are of no use gives way to the record there.
void Runner::add_message(Pending& pending, Batch& batch) {
  Record& record = std::get<MessageRecord>(pending.content).record;
  if (!concerns_any(projections_, record.type) || decode(record, &arena_)) {
    batch.records.push_back(&record);
    return;
  }
  events::ShardPosition before{record.shard(), Position(record.position().value - 1)};
  for (events::RecordedEvent& event : log_.read_shards({&before, 1}, 1)) {
    if (event.position != record.position()) continue;
    Record true_one = read_for(projections_, std::move(event), &arena_);
    if (true_one.message)
      batch.unreadable.push_back({followed_.at(record.shard()).topic, record.shard().value, pending.offset, base64(record.key),
                                  base64(record.event.payload), "the value is no " + record.type_name() + ", the log's record is",
                                  clock_.now()});
    return batch.own(std::move(true_one));
  }
  batch.records.push_back(&record);
}

bool Runner::fill(Shard shard, Position until, Batch& batch, Taken& taken) {
  Epoch ours = standings_.at(shard).epoch;
  if (Epoch logs = log_.epoch(); logs > ours) {
    open_ = false;
    return false;
  } else if (logs < ours) {
    halt(shard, "the log is of epoch " + std::to_string(logs.value) + ", the read models are of epoch " + std::to_string(ours.value));
    return false;
  }
  std::size_t share = std::max(kLeastFill, options_.max_batch / followed_.size());
  events::ShardPosition after{shard, taken.end};
  std::size_t filled = 0;
  for (events::RecordedEvent& event : log_.read_shards({&after, 1}, share)) {
    if (event.position > until) break;
    if (event.position != taken.end.next()) {
      halt(shard, "the log lacks position " + text(taken.end.next()));
      return false;
    }
    taken.end = event.position;
    batch.own(read_for(projections_, std::move(event), &arena_));
    ++filled;
  }
  taken.filled += filled;
  if (filled == 0) halt(shard, "the log ends at position " + text(taken.end) + ", below what was published or committed: " + text(until));
  return taken.end == until;
}

void Runner::finish(const std::map<Shard, Taken>& taken, const Batch& batch, const Applied& applied) {
  auto now = clock_.steady();
  last_batch_ = batch.records.size();
  last_commit_ = now;
  for (const auto& [shard, t] : taken) {
    Followed& followed = followed_.at(shard);
    if (t.messages > 0) {
      waiting_ -= t.messages;
      for (std::size_t i = 0; i < t.messages; ++i) waiting_bytes_ -= followed.pending[i].bytes();
      const Pending& last = followed.pending[t.messages - 1];
      consumer_.commit(followed.topic, shard.value, last.offset + 1);
      followed.pending.erase(followed.pending.begin(), followed.pending.begin() + static_cast<std::ptrdiff_t>(t.messages));
    }
    if (t.messages > t.duplicates || t.filled > 0) followed.moved_at = now;
    counters_.duplicates += t.duplicates;
    counters_.filled += t.filled;
  }
  ++counters_.batches;
  counters_.applied += batch.records.size();
  counters_.unreadable += batch.unreadable.size();
  counters_.parked += applied.parked;
  if (applied.parked > 0) runtime::log::error("records were parked; see read.parked_messages", {{"records", applied.parked}});
}

void Runner::halt(Shard shard, const std::string& reason) {
  halted_.emplace(shard, reason);
  counters_.halted_shards = static_cast<std::int64_t>(halted_.size());
  runtime::log::error("a shard's projections have halted; an operator must look", {{"shard", shard.value}, {"reason", reason}});
}

// A partition whose messages wait here brings no more until they are done.
void Runner::balance_pauses() {
  for (auto& [shard, followed] : followed_) {
    bool pause = halted_.contains(shard) || !followed.pending.empty();
    if (pause == followed.paused) continue;
    if (pause)
      consumer_.pause(followed.topic, shard.value);
    else
      consumer_.resume(followed.topic, shard.value);
    followed.paused = pause;
  }
}

}  // namespace ordersaga::projections
