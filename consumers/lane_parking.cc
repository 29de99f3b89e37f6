// What breaks its turn: it is found, and parked with its reason while the rest goes on; and what operators do about it.
#include <map>

#include "consumers/dead_letter.h"
#include "consumers/lane.h"
#include "consumers/lane_attempt.h"
#include "events/codec.h"
#include "ordersaga/saga/v1/operator.pb.h"
#include "runtime/log.h"
#include "schemas/error_codes.h"
#include "schemas/streams.h"

namespace ordersaga::consumers {
namespace {

namespace log = runtime::log;
using runtime::kafka::ConsumedMessage;
using saga::v1::DiscardParkedInput;
using saga::v1::ResendRequest;
using saga::v1::RetryParkedInput;

// How long a saga is left alone whose input can be neither decided nor parked.
constexpr Duration kPutAsideFor = std::chrono::seconds(60);

constexpr std::string_view kResult = "result";
constexpr std::string_view kWakeup = "wakeup";
constexpr std::string_view kResume = "resume";

// Of a message of this type; null otherwise.
template <class M>
const M* as(const google::protobuf::Message* message) {
  return message != nullptr && message->GetDescriptor() == M::descriptor() ? static_cast<const M*>(message) : nullptr;
}

// The number of the parked input that an operator's command is about; 0: none.
std::int64_t parked_id(const google::protobuf::Message* message) {
  if (const auto* retry = as<RetryParkedInput>(message)) return retry->parked_id();
  if (const auto* discard = as<DiscardParkedInput>(message)) return discard->parked_id();
  return 0;
}

}  // namespace

// A turn broke on its data: halves are run until the input is found that breaks it, and that one is parked.
void Lane::park_or_bisect(const char* why) {
  if (batch_.size() == 1) {
    Pending& culprit = batch_.front();
    if (culprit.broke.empty()) {
      culprit.broke = why;
      log::error("an input breaks its turn; it is parked", {{"shard", shard_of_input(culprit).value}, {"error", why}});
      return;
    }
    culprit.broke = why;
    put_aside(std::move(culprit));
    batch_.clear();
    return;
  }
  std::size_t half = batch_.size() / 2;
  for (std::size_t i = batch_.size(); i-- > half;) urgent_.push_front(std::move(batch_[i]));
  batch_.resize(half);
  limit_ = half;
}

// Even to park it broke the turn: it must not be in the way.
void Lane::put_aside(Pending&& pending) {
  ++counters_.parked;
  care_.done();
  if (auto* message = std::get_if<ConsumedMessage>(&pending.input)) {
    log::error("a command can be neither decided nor recorded",
               {{"topic", message->topic}, {"partition", message->partition}, {"offset", message->offset}, {"error", pending.broke}});
    if (hooks_.metrics != nullptr) hooks_.metrics->dead_letter(message->topic, error::kInternal);
    finish(*message, {dead_letter(*message, error::kInternal, pending.broke, clock_.now())});
    return;
  }
  std::string saga;
  if (auto* result = std::get_if<saga::v1::EffectResult>(&pending.input)) {
    saga = result->saga();
  } else if (auto* wake = std::get_if<Wake>(&pending.input)) {
    --waking_;
    saga = wake->saga;
  } else {
    saga = std::get<Resume>(pending.input).saga;
  }
  put_aside_[saga] = clock_.steady() + kPutAsideFor;
  log::error("a saga's input can be neither decided nor parked; the saga is left alone for a while",
             {{"saga", saga}, {"error", pending.broke}});
}

// What broke is ours: the command gets its one outcome, its sender learns that it will not be done, and operators find it
// among the dead letters.
void Lane::park_command(Attempt& a, std::size_t batch_index, ReadableCommand& command) {
  const Pending& pending = batch_[batch_index];
  const auto& message = std::get<ConsumedMessage>(pending.input);
  ++a.parked;
  if (is_operators(message)) {
    if (as<RetryParkedInput>(command.input.message) != nullptr) {
      // It broke again: that is counted where it lies.
      std::int64_t id = parked_id(command.input.message);
      for (events::ParkedInput& again : a.transaction->read_parked({&id, 1})) {
        again.reason = pending.broke;
        a.write.parked.push_back(std::move(again));
      }
    }
    refuse(command.input, common::v1::OUTCOME_FAILED, error::kInternal, "it breaks its turn: " + pending.broke);
    return;
  }
  refuse(command.input, common::v1::OUTCOME_FAILED, error::kInternal, "the command cannot be carried out; it is kept for an operator");
  if (hooks_.metrics != nullptr) hooks_.metrics->dead_letter(message.topic, error::kInternal);
  a.first[batch_index].push_back(dead_letter(message, error::kInternal, pending.broke, clock_.now()));
}

void Lane::park_sagas_inputs(Attempt& a) {
  for (std::size_t i : a.to_park) {
    const Pending& pending = batch_[i];
    events::ParkedInput& parked = a.write.parked.emplace_back();
    if (const auto* result = std::get_if<saga::v1::EffectResult>(&pending.input)) {
      parked.saga = result->saga();
      parked.kind = kResult;
      parked.data = result->SerializeAsString();
    } else if (const auto* wake = std::get_if<Wake>(&pending.input)) {
      parked.saga = wake->saga;
      parked.kind = kWakeup;
    } else {
      parked.saga = std::get<Resume>(pending.input).saga;
      parked.kind = kResume;
    }
    parked.shard = shard_of_input(pending);
    parked.code = error::kInternal;
    parked.reason = pending.broke;
    ++a.parked;
  }
}

// Operators' commands about sagas become inputs of the same turn; their own records say who wanted it, and why.
void Lane::obey_operators(Attempt& a) {
  std::vector<std::int64_t> ids;
  for (const Attempt::Entry& e : a.entries)
    if (std::int64_t id = e.command ? parked_id(e.command->input.message) : 0; id != 0) ids.push_back(id);
  std::map<std::int64_t, events::ParkedInput> parked;
  if (!ids.empty())
    for (events::ParkedInput& p : a.transaction->read_parked(ids)) parked.emplace(p.id, std::move(p));

  for (Attempt::Entry& e : a.entries) {
    if (!e.command) continue;
    sagas::CommandInput& input = e.command->input;
    auto accept = [&](auto next) {
      a.more.emplace_back(std::move(next));
      input.message = nullptr;
      input.record->set_outcome(common::v1::OUTCOME_ACCEPTED);
    };
    if (const auto* resend = as<ResendRequest>(input.message)) {
      accept(sagas::ResumeInput{sagas::saga_stream(resend->definition(), resend->order_id())});
      continue;
    }
    std::int64_t id = parked_id(input.message);
    if (id == 0) continue;
    auto found = parked.find(id);
    if (found == parked.end() || stream_key(found->second.saga) != input.key) {
      refuse(input, common::v1::OUTCOME_REJECTED, error::kSagaNotFound, "no input of this order is parked under that number");
      continue;
    }
    const events::ParkedInput& what = found->second;
    auto* result = google::protobuf::Arena::CreateMessage<saga::v1::EffectResult>(&a.arena);
    if (as<DiscardParkedInput>(input.message) != nullptr) {
      if (what.kind == kWakeup) {
        refuse(input, common::v1::OUTCOME_REJECTED, error::kInvalidTransition,
               "without its wake-up the saga would have no next step; retry it instead");
        continue;
      }
      accept(sagas::WakeInput{what.saga});
    } else if (what.kind == kWakeup) {
      accept(sagas::WakeInput{what.saga});
    } else if (what.kind == kResume) {
      accept(sagas::ResumeInput{what.saga});
    } else if (result->ParseFromString(what.data)) {
      accept(sagas::ResultInput{result});
    } else {
      refuse(input, common::v1::OUTCOME_REJECTED, error::kInvalidArgument, "the parked result cannot be read");
      continue;
    }
    a.write.unparked.push_back(id);
    parked.erase(found);  // once
  }
}

}  // namespace ordersaga::consumers
