// The relay's stream of records: from the log, through messages and their fates, to what is confirmed.
#include <algorithm>
#include <utility>

#include "events/epochs.h"
#include "events/errors.h"
#include "outbox-relay/relay.h"
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

bool contains(const std::vector<Shard>& shards, Shard shard) {
  return std::find(shards.begin(), shards.end(), shard) != shards.end();
}

}  // namespace

std::optional<TailQuestion> Relay::next_question() const {
  // 1. What there is room for.
  const std::size_t bytes = held_bytes();
  std::size_t held = batch_.size() - next_unsent_;
  for (const auto& [shard, state] : shards_) held += std::max(state.window.records(), state.window.open_messages());
  if (held >= options_.max_in_flight || bytes + kLeastBytes > options_.max_in_flight_bytes) return std::nullopt;
  const std::size_t room = options_.max_in_flight - held;
  const std::size_t bytes_room = options_.max_in_flight_bytes - bytes;
  // 2. Who can use it. When it is too small for all, other shards come first each time.
  TailQuestion question;
  question.epoch = epoch_;
  const bool look = pace_.is_time_to_look(clock_.steady());
  for (const auto& [shard, state] : shards_) {
    const std::size_t records = state.phase == Phase::running ? state.window.readable(state.taken, options_.read_limit) : 0;
    if (records > 0) question.parts.push_back({shard, state.taken, records, look, state.more});
  }
  if (question.parts.empty()) return std::nullopt;
  const std::size_t parts = std::min({question.parts.size(), room, bytes_room / kLeastBytes});
  if (parts < question.parts.size()) {
    const auto first = question.parts.begin() + static_cast<std::ptrdiff_t>(turn_ % question.parts.size());
    std::rotate(question.parts.begin(), first, question.parts.end());
    question.parts.resize(parts);
  }
  for (TailQuestion::Part& part : question.parts) part.records = std::min(part.records, room / parts);
  question.bytes_each = bytes_room / parts;
  return question;
}

std::size_t Relay::held_bytes() const {
  std::size_t bytes = next_unsent_ < batch_.size() ? batch_bytes_ : 0;
  for (const auto& [shard, state] : shards_) bytes += state.window.bytes();
  return bytes;
}

bool Relay::may_read() const {
  return next_question().has_value();
}

bool Relay::ask() {
  const std::optional<TailQuestion> question = next_question();
  if (!question) return false;
  tail_.ask(*question);
  asked_ = *question;
  ++turn_;
  stale_.clear();
  return true;
}

std::size_t Relay::take_answer() {
  next_unsent_ = 0;
  batch_bytes_ = 0;
  dropped_.clear();
  const TailAnswer answer = tail_.take(batch_);
  counters_.from_memory += answer.from_memory;
  counters_.from_store += batch_.size() - answer.from_memory;
  std::erase_if(batch_, [this](const RecordedEvent& r) { return contains(stale_, r.shard); });
  pace_.read(batch_.size(), answer.looked ? std::optional(answer.untold) : std::nullopt, clock_.steady());
  if (answer.more) pace_.hurry();
  // Records up to the end of each part are taken; a part that is full has more behind it.
  std::size_t next = 0;
  for (const TailQuestion::Part& part : asked_.parts) {
    std::size_t records = 0;
    for (; next < batch_.size() && batch_[next].shard == part.shard; ++next, ++records) {
      batch_bytes_ += batch_[next].payload.size() + batch_[next].metadata.size() + kRecordOverhead;
      shards_.at(part.shard).taken = batch_[next].position;
    }
    if (const auto found = shards_.find(part.shard); found != shards_.end() && !contains(stale_, part.shard))
      found->second.more = records == part.records;
    if (records == options_.read_limit) pace_.hurry();
  }
  return batch_.size();
}

void Relay::drop_unsent(Shard shard) {
  stale_.push_back(shard);
  dropped_.push_back(shard);
  if (has_outgoing() && outgoing_.front().shard == shard) outgoing_.clear();
}

void Relay::send() {
  if (producer_ == nullptr) return;
  try {
    while (send_outgoing() && next_unsent_ < batch_.size()) begin_record(batch_[next_unsent_++]);
  } catch (const KafkaError& error) {
    restart(error.what());
  }
}

bool Relay::send_outgoing() {
  for (; next_outgoing_ < outgoing_.size(); ++next_outgoing_) {
    const Outgoing& next = outgoing_[next_outgoing_];
    ShardState& state = shards_.at(next.shard);
    runtime::kafka::Producer& producer = next.message.kind == Kind::reply ? *replies_ : *producer_;
    if (!producer.produce_view(next.message.out, sent_.next())) return false;
    sent_.push({next.shard, state.life, next.position, next.message.kind, true});
    if (next.message.kind == Kind::event) state.window.event_sent();
  }
  return true;
}

void Relay::begin_record(const RecordedEvent& record) {
  outgoing_.clear();
  next_outgoing_ = 0;
  const auto found = shards_.find(record.shard);
  if (found == shards_.end() || found->second.phase != Phase::running || contains(dropped_, record.shard)) return;
  ShardState& state = found->second;
  Window& window = state.window;
  if (record.position != window.added().next())
    return halt(record.shard, state, "the log lacks position " + std::to_string(window.added().value + 1));
  try {
    const auto age = clock_.now() - record.recorded_at;
    const Epoch epoch = events::epoch_of(epoch_starts_, record.shard, record.position);
    for (const Composer::Composed& message : composer_.compose(record, epoch)) {
      if (message.kind == Kind::event) {
        // It always goes: a gap would be worse than a message that nobody can read for long.
        if (window.is_on_topic(record.position)) continue;
      } else if (age > message.keep) {
        ++counters_.expired;
        continue;
      }
      outgoing_.push_back({record.shard, record.position, message});
    }
  } catch (const events::BadData& error) {
    outgoing_.clear();
    return halt(record.shard, state, error.what());
  }
  const Position before = window.confirmed();
  window.add(record.position, record.recorded_at, outgoing_.size(), record.payload.size() + record.metadata.size() + kRecordOverhead);
  counters_.published += static_cast<std::uint64_t>(window.confirmed().value - before.value);
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
  Sent* const found = sent_.find(delivery.token);
  if (found == nullptr || !std::exchange(found->open, false)) return;
  const Sent sent = *found;
  while (!sent_.empty() && !sent_.front().open) sent_.pop();
  // A failed message of a shard that was taken away fails what is behind it too: the producer has to go in any case.
  if (!delivery.error.empty() && !(sent.kind == Kind::reply && delivery.refused)) return restart(delivery.error);
  const auto at = shards_.find(sent.shard);
  if (at == shards_.end() || at->second.life != sent.life) return;
  settle(sent, at->second.window, delivery);
}

void Relay::settle(const Sent& sent, Window& window, const Delivery& delivery) {
  const Position before = window.confirmed();
  if (!delivery.error.empty()) {
    ++counters_.dropped_replies;
    warn_of_dropped_reply(sent, delivery);
    window.settle_other(sent.position);
  } else if (sent.kind != Kind::event) {
    ++counters_.messages;
    window.settle_other(sent.position);
  } else if (const bool was_first = window.readable(window.added(), 2) < 2; window.confirm_event(sent.position, delivery.offset)) {
    ++counters_.messages;
    retry_delay_ = Micros(0);
    if (was_first) pace_.hurry();  // what had to wait for it
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

}  // namespace ordersaga::relay
