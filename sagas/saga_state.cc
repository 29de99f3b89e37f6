#include "sagas/saga_state.h"

#include <stdexcept>

#include "sagas/definition.h"
#include "sagas/transition.h"

namespace ordersaga::sagas {
namespace {

StepStatus& status(SagaState& s, int step) {
  return s.steps.at(static_cast<std::size_t>(step));
}

void leave_step(SagaState& s, int step, StepStatus outcome, int next) {
  status(s, step) = outcome;
  s.step = next;
  s.waiting = Waiting::nothing;
  s.attempt = 0;
  s.queries = 0;
  s.unknown_since = {};
}

void why(SagaState& s, const v1::SagaTransition& t) {
  s.code = t.code();
  s.message = t.message();
}

void wait(SagaState& s, Waiting what, const v1::SagaTransition& t, Timestamp recorded_at) {
  s.waiting = what;
  if (t.has_wake_after_micros()) s.wake_at = recorded_at + Duration(t.wake_after_micros());
}

void start_step(SagaState& s, const v1::SagaTransition& t, Timestamp recorded_at) {
  const Step& step = definition(s.definition).steps[static_cast<std::size_t>(t.step())];
  const Action& action = s.phase == Phase::compensating ? step.compensation : step.action;
  if (s.phase == Phase::forward && status(s, t.step()) == StepStatus::untouched) status(s, t.step()) = StepStatus::started;
  s.step = t.step();
  s.attempt = t.attempt();
  s.queries = 0;
  wait(s, action.participant == Participant::event ? Waiting::event : Waiting::effect, t, recorded_at);
}

void end(SagaState& s, Phase phase) {
  s.phase = phase;
  s.waiting = Waiting::nothing;
}

}  // namespace

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::none:
      return "NONE";
    case Phase::forward:
      return "RUNNING";
    case Phase::compensating:
      return "COMPENSATING";
    case Phase::completed:
      return "COMPLETED";
    case Phase::failed:
      return "FAILED";
    case Phase::compensation_failed:
      return "COMPENSATION_FAILED";
    case Phase::parked:
      return "PARKED";
  }
  return "NONE";
}

void evolve(SagaState& s, const v1::SagaTransition& t, Timestamp recorded_at) {
  switch (t.kind()) {
    case v1::TRANSITION_KIND_STARTED:
      s.phase = Phase::forward;
      return;
    case v1::TRANSITION_KIND_STEP_STARTED:
    case v1::TRANSITION_KIND_COMPENSATION_STARTED:
      return start_step(s, t, recorded_at);
    case v1::TRANSITION_KIND_STEP_SUCCEEDED:
      return leave_step(s, t.step(), StepStatus::succeeded, t.step() + 1);
    case v1::TRANSITION_KIND_STEP_SKIPPED:
      return leave_step(s, t.step(), StepStatus::skipped, t.step() + 1);
    case v1::TRANSITION_KIND_STEP_FAILED:
      why(s, t);
      return leave_step(s, t.step(), StepStatus::failed, t.step());
    case v1::TRANSITION_KIND_STEP_RETRIED:
      why(s, t);
      return wait(s, Waiting::retry, t, recorded_at);
    case v1::TRANSITION_KIND_COMPENSATION_RETRIED:
      // Why it undoes its steps stays the reason, whatever trouble that meets: the sender is told the reason.
      return wait(s, Waiting::retry, t, recorded_at);
    case v1::TRANSITION_KIND_STEP_UNKNOWN:
      why(s, t);
      status(s, t.step()) = StepStatus::unknown;
      if (s.unknown_since == Timestamp{}) s.unknown_since = recorded_at;
      return wait(s, Waiting::query_retry, t, recorded_at);
    case v1::TRANSITION_KIND_STEP_QUERIED:
      ++s.queries;
      return wait(s, Waiting::query, t, recorded_at);
    case v1::TRANSITION_KIND_STEP_POLLED:
      return wait(s, Waiting::poll, t, recorded_at);
    case v1::TRANSITION_KIND_COMPENSATING:
      why(s, t);
      s.phase = Phase::compensating;
      s.waiting = Waiting::nothing;
      s.attempt = 0;
      return;
    case v1::TRANSITION_KIND_STEP_COMPENSATED:
      return leave_step(s, t.step(), StepStatus::compensated, t.step());
    case v1::TRANSITION_KIND_COMPENSATION_FAILED:
      why(s, t);
      return end(s, Phase::compensation_failed);
    case v1::TRANSITION_KIND_PIVOT_PASSED:
      s.pivot_passed = true;
      return;
    case v1::TRANSITION_KIND_COMPLETED:
      return end(s, Phase::completed);
    case v1::TRANSITION_KIND_FAILED:
      return end(s, Phase::failed);
    case v1::TRANSITION_KIND_PARKED:
      why(s, t);
      return end(s, Phase::parked);
    case v1::TRANSITION_KIND_UNSPECIFIED:
    case v1::TransitionKind_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::TransitionKind_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  throw std::invalid_argument("a saga's record has a transition of an unknown kind");
}

void evolve(SagaState& s, int definition, const v1::SagaAdvanced& event, Timestamp recorded_at) {
  if (s.phase == Phase::none) {
    s.definition = definition;
    s.definition_version = event.definition_version();
  }
  if (event.has_origin()) s.origin = Packed(event.origin());
  for (const v1::SagaTransition& t : event.transitions()) evolve(s, t, recorded_at);
  note_call_and_reply(s, event);
}

void note_call_and_reply(SagaState& s, const v1::SagaAdvanced& event) {
  if (event.has_request()) s.request = Packed(event.request());
  if (event.has_reply()) {
    s.replied = true;
    s.reply = Packed(event.reply());
  }
}

}  // namespace ordersaga::sagas
