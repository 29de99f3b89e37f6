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
using events::RecordedEvent;
using runtime::kafka::Delivery;
using runtime::kafka::KafkaError;
using std::chrono::milliseconds;

namespace {

// A sender's mistake must not fill the log: one warning in that time speaks for all.
constexpr std::chrono::seconds kWarningGap{5};

}  // namespace

Relay::Relay(events::EventStore& store, Broker& broker, CursorStore& cursors, const runtime::Clock& clock, RelayOptions options)
    : store_(store), broker_(broker), cursors_(cursors), clock_(clock), options_(options), pace_(options.pace) {}

void Relay::assign(Shard shard) {
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
  // 2. Records of the log, while there is room.
  const bool room = has_room();
  const Micros pause = room ? pace_.until_read(clock_.steady()) : Micros(0);
  const bool reads = room && pause == Micros(0);
  if (reads) progress.read = read();
  // 3. Their messages, and the fates of earlier ones; what these free may go at once.
  send();
  const milliseconds wait = room ? std::min(max_wait, std::chrono::ceil<milliseconds>(pace_.until_read(clock_.steady()))) : max_wait;
  const bool nothing_to_await = reads && in_flight() == 0;
  take_deliveries(progress.read > 0 || nothing_to_await ? milliseconds(0) : wait);
  send();
  // 4. What is confirmed is remembered; what is not, measured.
  save(false);
  measure(false);
  progress.confirmed = counters_.published - before;
  progress.in_flight = in_flight() > 0;
  progress.idle = reads && !resumed && progress.read == 0 && progress.confirmed == 0 && !progress.in_flight;
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
    const Resume resume = find_resume_point(store_, broker_.reader(), {shard, epoch_, cursor, cluster_id_, keep_after});
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
    state.life = ++next_life_;
    state.phase = Phase::running;
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
  return has_room() ? pace_.until_read(now) : longest;
}

bool Relay::has_room() const {
  std::size_t messages = 0;
  std::size_t bytes = 0;
  for (const auto& [shard, state] : shards_) {
    messages += state.window.open_messages();
    bytes += state.window.open_bytes();
  }
  return messages < options_.max_in_flight && bytes < options_.max_in_flight_bytes;
}

std::size_t Relay::in_flight() const {
  std::size_t messages = 0;
  for (const auto& [shard, state] : shards_) messages += state.window.open_messages();
  return messages;
}

std::size_t Relay::read() {
  std::vector<events::ShardPosition> after;
  for (const auto& [shard, state] : shards_)
    if (state.phase == Phase::running) after.push_back({shard, state.window.read_up_to()});
  if (after.empty()) {
    pace_.read(0, clock_.steady());
    return 0;
  }
  const std::vector<RecordedEvent> records = store_.read_shards(after, options_.read_limit);
  for (const RecordedEvent& record : records) {
    ShardState& state = shards_.at(record.shard);
    if (state.phase == Phase::running) add(state, record);
  }
  pace_.read(records.size(), clock_.steady());
  // A shard that gave all that was asked of it has more.
  std::size_t run = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    run = i > 0 && records[i].shard == records[i - 1].shard ? run + 1 : 1;
    if (run == options_.read_limit) pace_.hurry();
  }
  return records.size();
}

void Relay::add(ShardState& state, const RecordedEvent& record) {
  try {
    if (record.position != state.window.read_up_to().next())
      return halt(record.shard, state, "the log lacks position " + std::to_string(state.window.read_up_to().value + 1));
    std::vector<Message> messages = messages_of(record, epoch_, store_.shards());
    const auto age = clock_.now() - record.recorded_at;
    // The event always goes: a gap would be worse than a message that nobody can read for long.
    counters_.expired += std::erase_if(messages, [&](const Message& m) { return m.kind != Kind::event && age > m.keep; });
    const Position before = state.window.confirmed();
    state.window.add(record, std::move(messages));
    counters_.published += static_cast<std::uint64_t>(state.window.confirmed().value - before.value);
  } catch (const events::BadData& error) {
    halt(record.shard, state, error.what());
  }
}

void Relay::send() {
  if (producer_ == nullptr) return;
  try {
    for (auto& [shard, state] : shards_) {
      while (const Window::Waiting* next = state.window.next()) {
        const std::uint64_t token = next_token_++;
        runtime::kafka::Producer& producer = next->kind == Kind::reply ? *replies_ : *producer_;
        if (!producer.produce(next->out, token)) return;  // its queue is full
        sent_.emplace(token, Sent{shard, state.life, next->position, next->kind, next->bytes});
        state.window.sent();
      }
    }
  } catch (const KafkaError& error) {
    restart(error.what());
  }
}

void Relay::take_deliveries(milliseconds wait) {
  if (producer_ == nullptr) return;
  deliveries_.clear();
  std::optional<std::string> failure;
  try {
    replies_->poll(milliseconds(0), deliveries_);
    producer_->poll(wait, deliveries_);
  } catch (const KafkaError& error) {
    failure = error.what();
  }
  for (const Delivery& delivery : deliveries_) {
    if (producer_ == nullptr) return;  // one before it failed
    take(delivery);
  }
  if (failure && producer_ != nullptr) restart(*failure);
}

void Relay::take(const Delivery& delivery) {
  const auto found = sent_.find(delivery.token);
  if (found == sent_.end()) return;
  const Sent sent = found->second;
  sent_.erase(found);
  const auto at = shards_.find(sent.shard);
  // A failed message of a shard that was taken away fails what is behind it too: the producer has to go in any case.
  const bool dropped_reply = sent.kind == Kind::reply && delivery.refused;
  if (!delivery.error.empty() && !dropped_reply) return restart(delivery.error);
  if (at == shards_.end() || at->second.life != sent.life) return;
  Window& window = at->second.window;
  const Position before = window.confirmed();
  if (dropped_reply) {
    ++counters_.dropped_replies;
    warn_of_dropped_reply(sent, delivery);
    window.settle_other(sent.position, sent.bytes);
  } else if (sent.kind != Kind::event) {
    ++counters_.messages;
    window.settle_other(sent.position, sent.bytes);
  } else if (window.confirm_event(sent.position, delivery.offset, sent.bytes)) {
    ++counters_.messages;
    retry_delay_ = Micros(0);
  } else {
    return restart("offset " + std::to_string(delivery.offset) + " of partition " + std::to_string(delivery.partition) +
                   " of the events topic does not rise");
  }
  counters_.published += static_cast<std::uint64_t>(window.confirmed().value - before.value);
}

void Relay::warn_of_dropped_reply(const Sent& sent, const Delivery& delivery) {
  if (counters_.dropped_replies > 1 && clock_.steady() - warned_at_ < kWarningGap) return;
  warned_at_ = clock_.steady();
  log::warn("replies are dropped: their topic refuses them", {{"shard", sent.shard.value},
                                                              {"position", sent.position.value},
                                                              {"error", delivery.error},
                                                              {"dropped_so_far", counters_.dropped_replies.load()}});
}

void Relay::restart(const std::string& why) {
  ++counters_.restarts;
  retry_delay_ = retry_delay_ == Micros(0) ? Micros(options_.first_retry) : std::min<Micros>(retry_delay_ * 2, options_.last_retry);
  retry_at_ = clock_.steady() + retry_delay_;
  log::error("the relay drops its producer and verifies what is on the topic", {{"error", why}, {"wait_ms", retry_delay_.count() / 1000}});
  producer_.reset();
  replies_.reset();
  sent_.clear();
  for (auto& [shard, state] : shards_) {
    update_cursor(shard, state);
    state.window.begin({});
    state.life = ++next_life_;
    state.phase = Phase::resuming;
  }
  halted_.clear();
  count_shards();
}

void Relay::halt(Shard shard, ShardState& state, const std::string& why) {
  state.phase = Phase::halted;
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

void Relay::measure(bool now) {
  counters_.in_flight = static_cast<std::int64_t>(in_flight());
  if (!now && clock_.steady() - measured_at_ < options_.lag_every) return;
  measured_at_ = clock_.steady();
  if (producer_ != nullptr && store_.epoch() != epoch_) return restart("the log has a new epoch");
  std::int64_t backlog = 0;
  std::int64_t age = 0;
  for (const events::ShardHead& head : store_.heads()) {
    const auto found = shards_.find(head.shard);
    if (found == shards_.end() || (found->second.phase != Phase::running && found->second.window.read_up_to().value == 0)) continue;
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
