// Where a lane's inputs come from, and which of them make the next turn.
#include <algorithm>

#include "consumers/lane.h"
#include "runtime/log.h"
#include "schemas/streams.h"

namespace ordersaga::consumers {
namespace {

namespace log = runtime::log;
using runtime::kafka::ConsumedMessage;

// Wake-ups that are read at once, and operators' commands.
constexpr std::size_t kMaxTimers = 1'000;
constexpr std::size_t kMaxOperatorsCommands = 100;
constexpr Duration kParkedCount = std::chrono::seconds(10);

// What an input is called from one life of the process to the next.
struct NameOf {
  std::string operator()(const ConsumedMessage& m) const {
    return "command " + m.topic + "/" + std::to_string(m.partition) + "/" + std::to_string(m.offset);
  }
  std::string operator()(const saga::v1::EffectResult& r) const {
    return "result " + r.saga() + "/" + std::to_string(r.step()) + (r.compensation() ? "/undo#" : "#") + std::to_string(r.attempt());
  }
  template <class SagasInput>
  std::string operator()(const SagasInput& i) const {
    return "saga " + i.saga;
  }
};

}  // namespace

std::size_t bytes_of(const ConsumedMessage& m) {
  std::size_t bytes = sizeof(m) + m.topic.size() + m.value.size() + (m.key ? m.key->size() : 0);
  for (const runtime::kafka::Header& h : m.headers) bytes += sizeof(h) + h.name.size() + h.value.size();
  return bytes;
}

void Lane::offer(LaneInput input) {
  if (const auto* message = std::get_if<ConsumedMessage>(&input)) backlog_bytes_ += bytes_of(*message);
  mailbox_->post(std::move(input));
}

void Lane::take_mail() {
  for (LaneInput& input : mailbox_->take()) std::visit([this](auto&& i) { take(std::move(i)); }, std::move(input));
}

void Lane::take(saga::v1::EffectResult&& result) {
  ++counters_.effects_finished;
  calls_.erase({result.saga(), result.step(), result.attempt(), result.compensation(), result.operation()});
  urgent_.push_back({std::move(result)});
}

void Lane::take(Assign&& assign) {
  shards_.insert(assign.shard);
  adopted_.erase(assign.shard);
  to_resume_.insert(assign.shard);
  care_.take(assign.shard);
}

void Lane::take(Revoke&& revoke) {
  shards_.erase(revoke.shard);
  adopted_.erase(revoke.shard);
  if (hooks_.recent != nullptr) hooks_.recent->drop({&revoke.shard, 1});
  to_resume_.erase(revoke.shard);
  known_.forget(revoke.shard);
  care_.give_back(revoke.shard);
  // They will be delivered to the shard's next owner. What is in the batch is finished here: the lock and the inbox make
  // that harmless.
  std::erase_if(commands_, [&](const Pending& p) {
    if (shard_of_input(p) != revoke.shard) return false;
    backlog_bytes_ -= bytes_of(std::get<ConsumedMessage>(p.input));
    return true;
  });
  std::erase_if(resumes_, [&](const Pending& p) { return shard_of_input(p) == revoke.shard; });
}

void Lane::take(Adopt&& adopt) {
  if (!shards_.insert(adopt.shard).second) return;
  adopted_.insert(adopt.shard);
  to_resume_.insert(adopt.shard);
}

void Lane::take(Abandon&&) {
  for (Shard shard : adopted_) {
    shards_.erase(shard);
    if (hooks_.recent != nullptr) hooks_.recent->drop({&shard, 1});
    to_resume_.erase(shard);
    known_.forget(shard);
  }
  std::erase_if(resumes_, [&](const Pending& p) { return adopted_.contains(shard_of_input(p)); });
  adopted_.clear();
}

// For who looks from other threads.
void Lane::note_waiting() {
  backlog_.store(commands_.size() + batch_.size(), std::memory_order_relaxed);
  std::int64_t oldest = 0;
  auto note = [&](const Pending& pending) {
    const auto* message = std::get_if<ConsumedMessage>(&pending.input);
    if (message == nullptr || message->timestamp.time_since_epoch().count() <= 0) return;
    std::int64_t at = Duration(message->timestamp.time_since_epoch()).count();
    oldest = oldest == 0 ? at : std::min(oldest, at);
  };
  if (!commands_.empty()) note(commands_.front());
  for (const Pending& pending : batch_) note(pending);
  counters_.oldest_command = oldest;
}

void Lane::find_resumes() {
  while (!to_resume_.empty()) {
    Shard shard = *to_resume_.begin();
    for (events::Wakeup& w : store_.outstanding_effects(shard)) resumes_.push_back({Resume{std::move(w.saga)}});
    to_resume_.erase(shard);
  }
}

void Lane::find_due_timers() {
  if (waking_ > 0 || shards_.empty() || clock_.steady() < next_timer_poll_) return;
  next_timer_poll_ = clock_.steady() + settings_.timer_poll;
  std::erase_if(put_aside_, [&](const auto& p) { return p.second <= clock_.steady(); });
  if (counters_.clocks_apart) {
    Duration skew = store_.clock() - clock_.now();
    if (std::chrono::abs(skew) > settings_.max_clock_skew) return;
    counters_.clocks_apart = false;
    log::info("the store's clock and ours agree again; timers run");
  }
  std::vector<Shard> shards(shards_.begin(), shards_.end());
  std::vector<events::Wakeup> due = store_.due_wakeups(shards, clock_.now(), kMaxTimers);
  counters_.store_lost_since = 0;
  for (events::Wakeup& w : due) {
    if (put_aside_.contains(w.saga)) continue;
    ++waking_;
    ++counters_.timers_fired;
    if (hooks_.metrics != nullptr) hooks_.metrics->woken(clock_.now() - w.due_at);
    urgent_.push_back({Wake{std::move(w.saga)}});
  }
}

void Lane::find_operators_commands() {
  if (operators_waiting_ > 0 || shards_.empty() || clock_.steady() < next_operator_poll_) return;
  next_operator_poll_ = clock_.steady() + settings_.operator_poll;
  std::vector<Shard> shards(shards_.begin(), shards_.end());
  for (events::OperatorCommand& command : store_.operator_commands(shards, kMaxOperatorsCommands)) {
    ++operators_waiting_;
    ++counters_.operators_commands;
    urgent_.push_back({as_message(std::move(command))});
  }
  if (clock_.steady() < next_parked_count_) return;
  next_parked_count_ = clock_.steady() + kParkedCount;
  counters_.parked_now = store_.parked_inputs(shards).size();
}

void Lane::fill_batch() {
  // False: the batch is complete.
  auto move_from = [this](std::deque<Pending>& queue, std::size_t most) {
    for (; most > 0 && !queue.empty() && batch_.size() < limit_; --most) {
      bool alone = queue.front().alone && care_.is_careful(shard_of_input(queue.front()));
      if (alone && !batch_.empty()) return false;
      batch_.push_back(std::move(queue.front()));
      queue.pop_front();
      if (alone) return false;
    }
    return true;
  };
  if (!move_from(urgent_, urgent_.size())) return;
  if (effects_.in_flight() >= settings_.max_effects) return;
  if (!move_from(resumes_, settings_.max_resumes)) return;
  move_from(commands_, commands_.size());
}

// An input that is decided alone is noted before. When it ended the process before, and again, it is parked.
void Lane::begin_with_care() {
  Pending& first = batch_.front();
  if (batch_.size() > 1 || !first.alone || !first.broke.empty() || !care_.is_careful(shard_of_input(first))) return;
  if (!care_.begin(shard_of_input(first), std::visit(NameOf{}, first.input)))
    park_or_bisect("the process ended each time that this was to be decided");
}

Shard Lane::shard_of_input(const Pending& pending) const {
  if (const auto* message = std::get_if<ConsumedMessage>(&pending.input)) return Shard(static_cast<std::int16_t>(message->partition));
  std::string_view saga;
  if (const auto* result = std::get_if<saga::v1::EffectResult>(&pending.input))
    saga = result->saga();
  else if (const auto* wake = std::get_if<Wake>(&pending.input))
    saga = wake->saga;
  else
    saga = std::get<Resume>(pending.input).saga;
  std::string_view key = stream_key(saga);
  return key.empty() ? Shard(-1) : shard_of(key, settings_.shards);
}

}  // namespace ordersaga::consumers
