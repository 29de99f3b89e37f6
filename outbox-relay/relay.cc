#include "outbox-relay/relay.h"

#include <algorithm>
#include <utility>

#include "events/errors.h"
#include "outbox-relay/resume.h"
#include "outbox-relay/topics.h"
#include "runtime/kafka/client.h"
#include "runtime/log.h"

namespace ordersaga::relay {

namespace log = runtime::log;
using std::chrono::milliseconds;

Relay::Relay(events::EventStore& store, Broker& broker, CursorStore& cursors, const runtime::Clock& clock, RelayOptions options,
             LogTail* tail)
    : store_(store),
      broker_(broker),
      cursors_(cursors),
      clock_(clock),
      options_(options),
      store_tail_(store),
      tail_(tail == nullptr ? store_tail_ : *tail),
      composer_(store.shards()),
      pace_(options.pace) {}

void Relay::assign(Shard shard) {
  drop_unsent(shard);
  tail_.leave(shard);
  shards_.insert_or_assign(shard, ShardState());
  halted_.erase(shard);
  count_shards();
}

void Relay::revoke(Shard shard) {
  const auto found = shards_.find(shard);
  if (found == shards_.end()) return;
  update_cursor(shard, found->second);
  const std::optional<Cursor> cursor = found->second.cursor;
  const bool saved = found->second.saved;
  drop_unsent(shard);
  tail_.leave(shard);
  shards_.erase(found);
  halted_.erase(shard);
  count_shards();
  if (cursor && !saved) cursors_.save({&*cursor, 1});
}

void Relay::count_shards() {
  counters_.assigned_shards = static_cast<std::int64_t>(shards_.size());
  counters_.halted_shards = static_cast<std::int64_t>(halted_.size());
}

Progress Relay::step(milliseconds max_wait) {
  Progress progress;
  const std::uint64_t before = counters_.published;
  // 1. A producer, and for each shard a place to go on from.
  if (!have_producer()) {
    progress.idle = true;
    progress.rest = rest();
    return progress;
  }
  const bool resumed = resume_one();
  // 2. Records of the log, while there is room: asked for when it is time, or asked for before.
  bool reads = tail_.awaits() || (pace_.until_read(clock_.steady()) == Micros(0) && ask());
  if (reads && !has_unsent()) {
    progress.read = take_answer();
    if (pace_.until_read(clock_.steady()) == Micros(0)) ask();
  }
  // 3. Their messages, and the fates of earlier ones; what these free may go at once.
  send();
  const bool nothing_to_await = progress.read > 0 || (reads && in_flight() == 0);
  take_deliveries(nothing_to_await ? milliseconds(0) : std::min(max_wait, std::chrono::ceil<milliseconds>(rest())));
  send();
  // 4. What is confirmed is remembered; what is not, measured.
  save(false);
  measure(false);
  progress.confirmed = counters_.published - before;
  progress.in_flight = in_flight() > 0;
  progress.idle = reads && !resumed && !has_unsent() && progress.read == 0 && progress.confirmed == 0 && !progress.in_flight;
  progress.rest = rest();
  return progress;
}

void Relay::finish(milliseconds limit) {
  const Micros end = clock_.steady() + limit;
  while (producer_ != nullptr && in_flight() > 0 && clock_.steady() < end) {
    send();
    take_deliveries(milliseconds(10));
  }
  save(true);
  measure(true);
}

bool Relay::have_producer() {
  if (producer_ != nullptr) return true;
  if (shards_.empty() || clock_.steady() < retry_at_) return false;
  epoch_ = store_.epoch();
  epoch_starts_ = store_.epoch_starts();
  cluster_id_ = broker_.cluster_id();
  replies_ = broker_.new_producer(Use::replies);
  producer_ = broker_.new_producer(Use::log);
  return true;
}

bool Relay::resume_one() {
  const auto next = std::find_if(shards_.begin(), shards_.end(), [](const auto& s) { return s.second.phase == Phase::resuming; });
  if (next == shards_.end()) return false;
  auto& [shard, state] = *next;
  const Timestamp keep_after = clock_.now() - kEventsRetention;
  const std::optional<Cursor> cursor = state.cursor ? state.cursor : cursors_.load(shard);
  try {
    const Resume resume = find_resume_point(store_, broker_.reader(), {shard, epoch_, epoch_starts_, cursor, cluster_id_, keep_after});
    if (const auto* contradiction = std::get_if<Contradiction>(&resume)) {
      halt(shard, state, contradiction->what);
      return true;
    }
    const ResumePoint& point = std::get<ResumePoint>(resume);
    if (point.kafka_lost_data) {
      ++counters_.losses;
      log::error("Kafka has lost records of the events topic; they are published again",
                 {{"shard", shard.value}, {"cursor", cursor->position.value}, {"from", point.on_topic.value + 1}});
    }
    log::info("the relay publishes a shard", {{"shard", shard.value}, {"from", point.on_topic.value + 1}});
    state.window.begin(point);
    state.taken = point.confirmed;
    state.more = true;
    state.life = ++next_life_;
    state.phase = Phase::running;
    tail_.follow(shard);
    pace_.hurry();
  } catch (const events::BadData& error) {
    halt(shard, state, error.what());
  }
  return true;
}

Relay::Micros Relay::rest() const {
  const Micros now = clock_.steady();
  const Micros longest = options_.pace.longest;
  if (producer_ == nullptr) return shards_.empty() ? longest : std::clamp(retry_at_ - now, Micros(0), longest);
  const bool resuming = std::any_of(shards_.begin(), shards_.end(), [](const auto& s) { return s.second.phase == Phase::resuming; });
  if (resuming) return Micros(0);
  if (has_unsent()) return longest;  // until deliveries make room in the producer's queue
  if (tail_.awaits()) return Micros(0);
  return may_read() ? pace_.until_read(now) : longest;
}

std::size_t Relay::in_flight() const {
  std::size_t messages = 0;
  for (const auto& [shard, state] : shards_) messages += state.window.open_messages();
  return messages;
}

void Relay::restart(const std::string& why) {
  ++counters_.restarts;
  retry_delay_ = retry_delay_ == Micros(0) ? Micros(options_.first_retry) : std::min<Micros>(retry_delay_ * 2, options_.last_retry);
  retry_at_ = clock_.steady() + retry_delay_;
  log::error("the relay drops its producer and verifies what is on the topic", {{"error", why}, {"wait_ms", retry_delay_.count() / 1000}});
  producer_.reset();
  replies_.reset();
  sent_.clear();
  batch_.clear();
  outgoing_.clear();
  next_unsent_ = next_outgoing_ = 0;
  for (auto& [shard, state] : shards_) {
    update_cursor(shard, state);
    stale_.push_back(shard);
    tail_.leave(shard);
    state.window.begin({});
    state.life = ++next_life_;
    state.phase = Phase::resuming;
  }
  halted_.clear();
  count_shards();
}

void Relay::halt(Shard shard, ShardState& state, const std::string& why) {
  state.phase = Phase::halted;
  tail_.leave(shard);
  halted_[shard] = why;
  count_shards();
  log::error("a shard is no longer published until an operator has looked", {{"shard", shard.value}, {"reason", why}});
}

void Relay::update_cursor(Shard shard, ShardState& state) const {
  const std::optional<Window::Mark>& mark = state.window.mark();
  if (!mark) return;
  Cursor now{shard, epoch_, mark->position, mark->offset, cluster_id_};
  if (state.cursor == now) return;
  state.cursor = std::move(now);
  state.saved = false;
}

void Relay::save(bool now) {
  if (!now && clock_.steady() - saved_at_ < options_.save_every) return;
  saved_at_ = clock_.steady();
  std::vector<Cursor> moved;
  for (auto& [shard, state] : shards_) {
    update_cursor(shard, state);
    if (state.cursor && !state.saved) moved.push_back(*state.cursor);
  }
  if (moved.empty()) return;
  cursors_.save(moved);
  for (const Cursor& c : moved) shards_.at(c.shard).saved = true;
}

void Relay::serve_operators() {
  std::vector<Shard> ours;
  std::vector<Shard> running;
  for (const auto& [shard, state] : shards_) {
    if (state.phase != Phase::resuming) ours.push_back(shard);  // whether it halts is known
    if (state.phase == Phase::running) running.push_back(shard);
  }
  if (ours != shown_for_ || halted_ != shown_halts_) {
    cursors_.show_halts(ours, halted_);
    shown_for_ = ours;
    shown_halts_ = halted_;
  }
  if (running.empty()) return;
  for (Cursor& cursor : cursors_.rewind(running, epoch_, cluster_id_)) {
    log::warn("a shard is published once more, as an operator asked", {{"shard", cursor.shard.value}, {"from", cursor.position.value + 1}});
    ++counters_.republished;
    drop_unsent(cursor.shard);
    tail_.leave(cursor.shard);
    ShardState& state = shards_.at(cursor.shard);
    state.window.begin({});
    state.life = ++next_life_;
    state.phase = Phase::resuming;
    state.cursor = std::move(cursor);
    state.saved = true;
  }
}

void Relay::measure(bool now) {
  counters_.in_flight = static_cast<std::int64_t>(in_flight());
  if (!now && clock_.steady() - measured_at_ < options_.lag_every) return;
  measured_at_ = clock_.steady();
  if (producer_ != nullptr && store_.epoch() != epoch_) return restart("the log has a new epoch");
  serve_operators();
  std::int64_t backlog = 0;
  std::int64_t age = 0;
  for (const events::ShardHead& head : store_.heads()) {
    const auto found = shards_.find(head.shard);
    if (found == shards_.end() || (found->second.phase != Phase::running && found->second.window.added().value == 0)) continue;
    const Window& window = found->second.window;
    const std::int64_t behind = head.position.value - window.confirmed().value;
    if (behind <= 0) continue;
    backlog += behind;
    const Timestamp oldest = window.oldest().value_or(head.recorded_at);
    age = std::max(age, std::chrono::duration_cast<milliseconds>(clock_.now() - oldest).count());
  }
  counters_.backlog = backlog;
  counters_.oldest_age_millis = age;
}

}  // namespace ordersaga::relay
