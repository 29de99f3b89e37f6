#include "sagas/move.h"

#include <algorithm>

namespace ordersaga::sagas {

void Move::compensate(std::string_view code, std::string_view message) {
  record(v1::TRANSITION_KIND_COMPENSATING, state_.step, code, message);
}

void Move::next_compensation() {
  for (int i = std::min(state_.step, static_cast<int>(def_.steps.size()) - 1); i >= 0; --i) {
    StepStatus status = state_.steps[static_cast<std::size_t>(i)];
    bool touched = status == StepStatus::succeeded || status == StepStatus::started || status == StepStatus::unknown;
    const Action& undo = step_at(i).compensation;
    if (!touched || undo.participant == Participant::none) continue;
    if (undo.applies != nullptr && !undo.applies(case_)) continue;
    state_.step = i;  // the transition that follows says so too
    return begin_compensation(1);
  }
  reply(ordersaga::common::v1::OUTCOME_REJECTED);
  record(v1::TRANSITION_KIND_FAILED, 0, state_.code, state_.message);
}

void Move::begin_compensation(int attempt) {
  const Action& undo = step().compensation;
  if (undo.participant == Participant::effect) return call(undo, undo.operation, attempt, v1::TRANSITION_KIND_COMPENSATION_STARTED);
  std::optional<Rejection> no = decide(undo.commands);
  if (no)
    compensation_failed(no->code, no->message);
  else
    record(v1::TRANSITION_KIND_STEP_COMPENSATED, state_.step);
}

void Move::compensation_answered(const v1::EffectResult& result) {
  const Action& undo = step().compensation;
  switch (result.outcome()) {
    case v1::EFFECT_OUTCOME_NOT_FOUND:  // there was nothing to undo, so nothing is recorded
      record(v1::TRANSITION_KIND_STEP_COMPENSATED, state_.step);
      return;
    case v1::EFFECT_OUTCOME_SUCCEEDED:
      for (RecordResult make : undo.record) {
        if (make == nullptr) continue;
        const Message* command = make(case_, result, context_);
        if (command == nullptr) continue;
        if (std::optional<Rejection> no = local_.decide({&command, 1})) return compensation_failed(no->code, no->message);
      }
      record(v1::TRANSITION_KIND_STEP_COMPENSATED, state_.step);
      return;
    case v1::EFFECT_OUTCOME_FAILED:
      return compensation_failed(result.code(), result.message());
    default:
      // Undoing is asked with the same key again and again: a second time has no second effect.
      return compensate_again(result.code(), result.message());
  }
}

void Move::compensate_again(std::string_view code, std::string_view message) {
  const Retry& retry = step().compensation_retry;
  if (retry.max_attempts != 0 && state_.attempt >= retry.max_attempts) return compensation_failed(code, message);
  Duration wait = backoff(retry, case_.order_id, state_.step, state_.attempt);
  record(v1::TRANSITION_KIND_COMPENSATION_RETRIED, state_.step, code, message, wait);
}

void Move::compensation_failed(std::string_view code, std::string_view message) {
  record(v1::TRANSITION_KIND_COMPENSATION_FAILED, state_.step, code, message);
}

}  // namespace ordersaga::sagas
