#include "sagas/move.h"

namespace ordersaga::sagas {

void Move::next_step() {
  if (static_cast<std::size_t>(state_.step) == def_.steps.size()) {
    record(v1::TRANSITION_KIND_COMPLETED, state_.step);
    return;
  }
  if (const Action& action = step().action; action.applies != nullptr && !action.applies(case_)) {
    record(v1::TRANSITION_KIND_STEP_SKIPPED, state_.step);
    if (step_at(state_.step - 1).kind == StepKind::pivot) pass_pivot();
    return;
  }
  begin_try(1);
}

void Move::begin_try(int attempt) {
  const Step& s = step();
  switch (s.action.participant) {
    case Participant::none:
      return succeed();
    case Participant::local: {
      if (std::optional<Rejection> no = decide(s.action.commands)) return fail(no->code, no->message);
      if (!failed_by_case()) succeed();
      return;
    }
    case Participant::effect:
      if (attempt == 1) {
        if (std::optional<Rejection> no = decide(s.action.commands)) return fail(no->code, no->message);
      }
      call(s.action, s.action.operation, attempt, v1::TRANSITION_KIND_STEP_STARTED);
      return;
    case Participant::event:
      wait_for_event();
      return;
    case Participant::neighbour:
    case Participant::remote:
      break;  // check() refuses such definitions
  }
}

void Move::wait_for_event() {
  state_.attempt = 1;
  record(v1::TRANSITION_KIND_STEP_STARTED, state_.step, {}, {}, step().timeout);
  settled_by_case();
}

bool Move::settled_by_case() {
  const Action& a = step().action;
  if (a.done(case_)) {
    succeed();
    return true;
  }
  return failed_by_case();
}

bool Move::failed_by_case() {
  const Action& a = step().action;
  if (a.failed_with == nullptr) return false;
  std::optional<Rejection> no = a.failed_with(case_);
  if (no) fail(no->code, no->message);
  return no.has_value();
}

void Move::step_answered(const v1::EffectResult& result) {
  const Action& a = step().action;
  bool about_call = result.operation() == a.operation;
  switch (result.outcome()) {
    case v1::EFFECT_OUTCOME_SUCCEEDED:
      return record_success(a, result);
    case v1::EFFECT_OUTCOME_FAILED: {
      if (a.record_failure != nullptr && refused(a.record_failure, result)) return;
      return fail(result.code(), result.message());
    }
    case v1::EFFECT_OUTCOME_UNAVAILABLE:
      return about_call ? try_again(result.code(), result.message()) : still_unknown(result);
    case v1::EFFECT_OUTCOME_NOT_FOUND:
      // Nothing was done: the same key may be used again.
      return try_again(result.code(), result.message());
    case v1::EFFECT_OUTCOME_UNKNOWN:
    default:
      if (only_reads(a)) return try_again(result.code(), result.message());
      return still_unknown(result);
  }
}

void Move::record_success(const Action& a, const v1::EffectResult& result) {
  // Taken before the step ends: the commands that record it speak of this attempt.
  for (RecordResult make : a.record)
    if (make != nullptr && refused(make, result)) return;
  if (!only_reads(a)) return succeed();
  if (settled_by_case()) return;
  record(v1::TRANSITION_KIND_STEP_POLLED, state_.step, {}, {}, poll_interval(a.poll_every, state_.attempt));
}

bool Move::refused(RecordResult make, const v1::EffectResult& result) {
  const Message* command = make(case_, result, context_);
  if (command == nullptr) return false;
  std::optional<Rejection> no = local_.decide({&command, 1});
  if (no) park(no->code, no->message);
  return no.has_value();
}

void Move::try_again(std::string_view code, std::string_view message) {
  const Step& s = step();
  if (s.retry.max_attempts != 0 && state_.attempt >= s.retry.max_attempts)
    return exhausted(code.empty() ? "DEPENDENCY_UNAVAILABLE" : code, message);
  Duration wait = backoff(s.retry, case_.order_id, state_.step, state_.attempt);
  record(v1::TRANSITION_KIND_STEP_RETRIED, state_.step, code, message, wait);
}

void Move::exhausted(std::string_view code, std::string_view message) {
  if (step().on_exhausted == OnExhausted::park || state_.pivot_passed) return park(code, message);
  // Tries that ended without a definite no may still arrive: a request of a process that died, or one that the network
  // repeats. Such a step is not marked as failed, so that it is undone with the others; undoing what never was done
  // keeps it from being done later.
  if (step().action.participant == Participant::effect) return compensate(code, message);
  fail(code, message);
}

void Move::fail(std::string_view code, std::string_view message) {
  if (state_.pivot_passed || step().on_exhausted == OnExhausted::park) return park(code, message);
  std::string why_code(code), why(message);  // may be views into the state
  record(v1::TRANSITION_KIND_STEP_FAILED, state_.step, why_code, why);
  compensate(why_code, why);
}

void Move::park(std::string_view code, std::string_view message) {
  record(v1::TRANSITION_KIND_PARKED, state_.step, code, message);
}

void Move::succeed() {
  bool pivot = step().kind == StepKind::pivot;
  record(v1::TRANSITION_KIND_STEP_SUCCEEDED, state_.step);
  if (pivot) pass_pivot();
}

void Move::pass_pivot() {
  record(v1::TRANSITION_KIND_PIVOT_PASSED, state_.step - 1);
  reply(ordersaga::common::v1::OUTCOME_SUCCEEDED);
}

}  // namespace ordersaga::sagas
