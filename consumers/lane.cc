// Where a lane's inputs come from and what becomes of them when a turn fails. The turn itself: lane_turn.cc.
#include "consumers/lane.h"

#include <algorithm>

#include "consumers/dead_letter.h"
#include "consumers/lane_attempt.h"
#include "events/errors.h"
#include "events/reply_message.h"
#include "runtime/log.h"
#include "schemas/error_codes.h"
#include "schemas/headers.h"

namespace ordersaga::consumers {
namespace {

namespace log = runtime::log;

// Wake-ups that are read at once.
constexpr std::size_t kMaxTimers = 1'000;
// How long a saga is left alone whose wake-up or result broke a turn.
constexpr Duration kParkedFor = std::chrono::seconds(60);

}  // namespace

Lane::Lane(events::EventStore& store, Effects& effects, const runtime::Clock& clock, LaneSettings settings, LaneHooks hooks)
    : store_(store),
      effects_(effects),
      clock_(clock),
      settings_(settings),
      hooks_(std::move(hooks)),
      mailbox_(std::make_shared<Mailbox<LaneInput>>()),
      known_(settings.shards, settings.max_cases),
      limit_(settings.max_inputs) {}

Lane::~Lane() = default;

Lane::Step Lane::step() {
  take_mail();
  try {
    if (batch_.empty()) {
      find_resumes();
      find_due_timers();
      fill_batch();
    }
    backlog_.store(commands_.size() + batch_.size(), std::memory_order_relaxed);
    if (batch_.empty()) return Step::idle;
    run_turn();
    return Step::progressed;
  } catch (const events::CommitInDoubt& e) {
    // What committed after all has calls that nobody made: they are found as outstanding, and made with the same keys.
    ++counters_.in_doubt;
    to_resume_.insert(shards_.begin(), shards_.end());
    log::warn("a commit is in doubt; its inputs run again under the lock", {{"error", e.what()}});
    return Step::try_later;
  } catch (const events::ShardBusy& e) {
    ++counters_.retries;
    log::warn("a shard is busy", {{"error", e.what()}});
    return Step::try_later;
  } catch (const events::StoreUnavailable& e) {
    ++counters_.retries;
    log::warn("the store is not available; trying again", {{"error", e.what()}});
    return Step::try_later;
  } catch (const events::BadData& e) {
    park_or_bisect(e.what());
    return Step::progressed;
  } catch (const sagas::BrokenInvariant& e) {
    park_or_bisect(e.what());
    return Step::progressed;
  }
}

void Lane::take_mail() {
  for (LaneInput& input : mailbox_->take()) std::visit([this](auto&& i) { take(std::move(i)); }, std::move(input));
}

void Lane::take(saga::v1::EffectResult&& result) {
  ++counters_.effects_finished;
  urgent_.emplace_back(std::move(result));
}

void Lane::take(Assign&& assign) {
  shards_.insert(assign.shard);
  to_resume_.insert(assign.shard);
}

void Lane::take(Revoke&& revoke) {
  shards_.erase(revoke.shard);
  to_resume_.erase(revoke.shard);
  known_.forget(revoke.shard);
  // They will be delivered to the shard's next owner. What is in the batch is finished here: the lock and the inbox make
  // that harmless.
  std::erase_if(commands_, [&](const Pending& p) {
    const auto* message = std::get_if<runtime::kafka::ConsumedMessage>(&p);
    return message != nullptr && message->partition == revoke.shard.value;
  });
}

void Lane::find_resumes() {
  while (!to_resume_.empty()) {
    Shard shard = *to_resume_.begin();
    for (events::Wakeup& w : store_.outstanding_effects(shard)) urgent_.emplace_back(Resume{std::move(w.saga)});
    to_resume_.erase(shard);
  }
}

void Lane::find_due_timers() {
  if (waking_ > 0 || shards_.empty() || clock_.steady() < next_timer_poll_) return;
  next_timer_poll_ = clock_.steady() + settings_.timer_poll;
  std::erase_if(parked_sagas_, [&](const auto& p) { return p.second <= clock_.steady(); });
  if (counters_.clocks_apart) {
    Duration skew = store_.clock() - clock_.now();
    if (std::chrono::abs(skew) > settings_.max_clock_skew) return;
    counters_.clocks_apart = false;
    log::info("the store's clock and ours agree again; timers run");
  }
  std::vector<Shard> shards(shards_.begin(), shards_.end());
  for (events::Wakeup& w : store_.due_wakeups(shards, clock_.now(), kMaxTimers)) {
    if (parked_sagas_.contains(w.saga)) continue;
    ++waking_;
    ++counters_.timers_fired;
    if (hooks_.metrics != nullptr) hooks_.metrics->woken(clock_.now() - w.due_at);
    urgent_.emplace_back(Wake{std::move(w.saga)});
  }
}

void Lane::fill_batch() {
  auto move_from = [this](std::deque<Pending>& queue) {
    while (!queue.empty() && batch_.size() < limit_) {
      batch_.push_back(std::move(queue.front()));
      queue.pop_front();
    }
  };
  move_from(urgent_);
  if (effects_.in_flight() < settings_.max_effects) move_from(commands_);
}

// A turn broke on its data: halves are run until the input is found that breaks it, and that one is put aside.
void Lane::park_or_bisect(const char* why) {
  if (batch_.size() == 1) {
    park(std::move(batch_.front()), why);
    batch_.clear();
    return;
  }
  std::size_t half = batch_.size() / 2;
  for (std::size_t i = batch_.size(); i-- > half;) urgent_.push_front(std::move(batch_[i]));
  batch_.resize(half);
  limit_ = half;
}

void Lane::park(Pending&& pending, const std::string& why) {
  ++counters_.parked;
  auto leave_alone = [&](const std::string& saga) {
    parked_sagas_[saga] = clock_.steady() + kParkedFor;
    log::error("a saga cannot go on; it is left alone for a while", {{"saga", saga}, {"error", why}});
  };
  if (auto* message = std::get_if<runtime::kafka::ConsumedMessage>(&pending)) {
    log::error("a command breaks its turn; it goes to the dead letters",
               {{"topic", message->topic}, {"partition", message->partition}, {"offset", message->offset}, {"error", why}});
    if (hooks_.metrics != nullptr) hooks_.metrics->dead_letter(message->topic, error::kInternal);
    std::vector<runtime::kafka::OutgoingMessage> first{dead_letter(*message, error::kInternal, why, clock_.now())};
    google::protobuf::Arena arena;
    Reading reading = read_command(*message, settings_.shards, &arena);
    if (const auto* command = std::get_if<ReadableCommand>(&reading); command && command->input.record->has_reply()) {
      // What broke is ours and goes to the operators; its sender learns that it will not be done.
      common::v1::CommandReply reply;
      reply.set_command_id(command->input.record->command_id());
      reply.set_outcome(common::v1::OUTCOME_FAILED);
      reply.set_aggregate_id(command->input.key);
      reply.mutable_error()->set_code(std::string(error::kInternal));
      reply.mutable_error()->set_message("the command cannot be carried out; it is kept for an operator");
      const ordersaga::log::v1::ReplyAddress& to = command->input.record->reply();
      first.push_back(events::reply_message(reply, to.topic(), command->input.key, "dead-letter-" + reply.command_id(),
                                            to.content_type() == headers::kJson));
    }
    finish(*message, std::move(first));
  } else if (auto* result = std::get_if<saga::v1::EffectResult>(&pending)) {
    leave_alone(result->saga());
  } else if (auto* wake = std::get_if<Wake>(&pending)) {
    --waking_;
    leave_alone(wake->saga);
  } else {
    leave_alone(std::get<Resume>(pending).saga);
  }
}

void Lane::finish(const runtime::kafka::ConsumedMessage& message, std::vector<runtime::kafka::OutgoingMessage> first) {
  hooks_.handled({message.topic, message.partition, message.offset, std::move(first)});
}

void Lane::answer_unreadable(const runtime::kafka::ConsumedMessage& message, const UnreadableCommand& unreadable) {
  ++counters_.dead_letters;
  if (hooks_.metrics != nullptr) hooks_.metrics->dead_letter(message.topic, unreadable.code);
  log::warn("a record is no command; it goes to the dead letters", {{"topic", message.topic},
                                                                    {"partition", message.partition},
                                                                    {"offset", message.offset},
                                                                    {"code", unreadable.code},
                                                                    {"reason", unreadable.message}});
  std::vector<runtime::kafka::OutgoingMessage> first{dead_letter(message, unreadable.code, unreadable.message, clock_.now())};
  if (!unreadable.reply_topic.empty()) {
    common::v1::CommandReply reply;
    reply.set_command_id(unreadable.command_id);
    reply.set_outcome(common::v1::OUTCOME_REJECTED);
    reply.mutable_error()->set_code(unreadable.code);
    reply.mutable_error()->set_message(unreadable.message);
    first.push_back(events::reply_message(reply, unreadable.reply_topic, message.key.value_or(""), "dead-letter-" + unreadable.command_id,
                                          unreadable.reply_in_json));
  }
  finish(message, std::move(first));
}

void Lane::forward(const runtime::kafka::ConsumedMessage& message, Shard right) {
  ++counters_.forwarded;
  finish(message, {{message.topic, right.value, message.key, message.value, message.headers}});
}

}  // namespace ordersaga::consumers
