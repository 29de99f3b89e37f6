#include "sagas/move.h"

#include <array>

#include "sagas/transition.h"

namespace ordersaga::sagas {

namespace common = ordersaga::common::v1;

bool Move::on(const Begin&) {
  if (state_.phase != Phase::none) return false;
  record(v1::TRANSITION_KIND_STARTED, 0);
  go_on();
  return true;
}

bool Move::on(const Answered& answered) {
  const v1::EffectResult& result = *answered.result;
  if (result.step() != state_.step || result.compensation() != (state_.phase == Phase::compensating)) return false;
  if (state_.waiting == Waiting::nothing || state_.waiting == Waiting::event || is_over(state_.phase) || waits_for_operator(state_.phase))
    return false;
  bool current = result.attempt() == state_.attempt && (state_.waiting == Waiting::effect || state_.waiting == Waiting::query);
  bool definite = result.outcome() == v1::EFFECT_OUTCOME_SUCCEEDED || result.outcome() == v1::EFFECT_OUTCOME_FAILED;
  // A late answer of an earlier try counts when it is definite: the key was the same.
  if (!current && !definite) return false;
  if (!current && only_reads(step().action)) return false;
  if (state_.phase == Phase::compensating)
    compensation_answered(result);
  else
    step_answered(result);
  go_on();
  return true;
}

bool Move::on(const Happened&) {
  if (state_.phase != Phase::forward || state_.waiting != Waiting::event) return false;
  if (!settled_by_case()) return false;
  go_on();
  return true;
}

bool Move::on(const Woken&) {
  if (state_.waiting == Waiting::nothing || is_over(state_.phase) || waits_for_operator(state_.phase)) return false;
  if (context_.now < state_.wake_at) return false;
  woken();
  go_on();
  return true;
}

void Move::record(v1::TransitionKind kind, int step, std::string_view code, std::string_view message, std::optional<Duration> wake_after) {
  v1::SagaTransition& t = *record_.add_transitions();
  t.set_kind(kind);
  t.set_step(step);
  t.set_attempt(state_.attempt);
  if (!code.empty()) t.set_code(std::string(code));
  if (!message.empty()) t.set_message(std::string(message));
  if (wake_after) t.set_wake_after_micros(wake_after->count());
  if (static_cast<std::size_t>(step) < def_.steps.size()) t.set_step_name(std::string(step_at(step).name));
  evolve(state_, t, context_.now);
}

void Move::go_on() {
  while (state_.waiting == Waiting::nothing) {
    if (state_.phase == Phase::forward)
      next_step();
    else if (state_.phase == Phase::compensating)
      next_compensation();
    else
      return;
  }
}

std::optional<aggregates::Rejection> Move::decide(const UpTo4<MakeCommand>& makers) {
  std::array<const Message*, kMaxCommands> commands{};
  std::size_t n = 0;
  for (MakeCommand make : makers)
    if (make != nullptr) commands[n++] = make(case_, context_);
  if (n == 0) return std::nullopt;
  return local_.decide({commands.data(), n});
}

void Move::reply(common::Outcome outcome) {
  if (state_.replied || state_.origin.empty()) return;
  v1::SagaOrigin origin;
  state_.origin.unpack(origin);
  if (!origin.has_command()) return;
  common::CommandReply& r = *record_.mutable_reply();
  r.set_outcome(outcome);
  if (outcome != common::OUTCOME_SUCCEEDED) {
    r.mutable_error()->set_code(state_.code);
    r.mutable_error()->set_message(state_.message);
  }
  *record_.mutable_replied() = origin.command();
  if (origin.has_reply()) *record_.mutable_reply_to() = origin.reply();
  note_call_and_reply(state_, record_);
}

bool react(const Definition& definition, SagaState& state, const OrderCase& order_case, const Stimulus& stimulus, const Context& context,
           LocalDecider& local, v1::SagaAdvanced& record) {
  Move move(definition, state, order_case, context, local, record);
  return std::visit([&](const auto& s) { return move.on(s); }, stimulus);
}

}  // namespace ordersaga::sagas
