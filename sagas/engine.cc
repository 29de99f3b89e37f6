#include "sagas/engine.h"

#include <algorithm>
#include <array>

#include "sagas/transition.h"

namespace ordersaga::sagas {
namespace {

using aggregates::Rejection;
namespace common = ordersaga::common::v1;

// How much longer the saga waits for an answer than the call itself may take: the caller reports its own time-outs, and
// this is for the caller that died.
constexpr Duration kAnswerGrace = std::chrono::seconds(5);

// SplitMix64's finisher: jitter that a replay repeats.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// Full jitter (Brooker, "Exponential Backoff And Jitter"), from the saga's identity instead of a generator.
Duration backoff(const Retry& retry, std::string_view order_id, int step, int tries) {
  Duration ceiling = retry.base;
  for (int i = 1; i < tries && ceiling < retry.cap; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, retry.cap);
  std::uint64_t seed = mix(murmur2(order_id) ^ static_cast<std::uint64_t>(step) << 32 ^ static_cast<std::uint64_t>(tries) << 48);
  return Duration(static_cast<std::int64_t>(seed % static_cast<std::uint64_t>(ceiling.count() + 1)));
}

// Polls are spaced wider and wider, without jitter: they come as often as they must.
Duration poll_interval(const Retry& every, int polls) {
  Duration interval = every.base;
  for (int i = 1; i < polls && interval < every.cap; ++i) interval *= 2;
  return std::min(interval, every.cap);
}

std::string_view word(v1::Operation operation) {
  switch (operation) {
    case v1::OPERATION_AUTHORIZE_PAYMENT:
      return "authorize";
    case v1::OPERATION_CAPTURE_PAYMENT:
      return "capture";
    case v1::OPERATION_VOID_PAYMENT:
      return "void";
    case v1::OPERATION_REFUND_PAYMENT:
      return "refund";
    case v1::OPERATION_BOOK_SHIPMENT:
      return "book";
    case v1::OPERATION_HAND_OVER_SHIPMENT:
      return "hand_over";
    case v1::OPERATION_TRACK_SHIPMENT:
      return "track";
    case v1::OPERATION_CANCEL_SHIPMENT:
      return "cancel";
    case v1::OPERATION_QUERY_PAYMENT:
    case v1::OPERATION_QUERY_SHIPMENT:
    case v1::OPERATION_UNSPECIFIED:
    case v1::Operation_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::Operation_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return "none";
}

// The call that an operation acts on; its key goes along as target_key.
v1::Operation target_of(v1::Operation operation) {
  switch (operation) {
    case v1::OPERATION_CAPTURE_PAYMENT:
    case v1::OPERATION_VOID_PAYMENT:
      return v1::OPERATION_AUTHORIZE_PAYMENT;
    case v1::OPERATION_REFUND_PAYMENT:
      return v1::OPERATION_CAPTURE_PAYMENT;
    case v1::OPERATION_HAND_OVER_SHIPMENT:
    case v1::OPERATION_TRACK_SHIPMENT:
    case v1::OPERATION_CANCEL_SHIPMENT:
      return v1::OPERATION_BOOK_SHIPMENT;
    default:
      return v1::OPERATION_UNSPECIFIED;
  }
}

// One reaction to one stimulus.
class Move {
 public:
  Move(const Definition& definition, SagaState& state, const OrderCase& order_case, const Context& context, LocalDecider& local,
       v1::SagaAdvanced& record)
      : def_(definition), state_(state), case_(order_case), context_(context), local_(local), record_(record) {}

  bool on(const Begin&) {
    if (state_.phase != Phase::none) return false;
    record(v1::TRANSITION_KIND_STARTED, 0);
    go_on();
    return true;
  }

  bool on(const Answered& answered) {
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

  bool on(const Happened&) {
    if (state_.phase != Phase::forward || state_.waiting != Waiting::event) return false;
    if (!settled_by_case()) return false;
    go_on();
    return true;
  }

  bool on(const Woken&) {
    if (state_.waiting == Waiting::nothing || is_over(state_.phase) || waits_for_operator(state_.phase)) return false;
    if (context_.now < state_.wake_at) return false;
    woken();
    go_on();
    return true;
  }

 private:
  const Step& step_at(int i) const { return def_.steps[static_cast<std::size_t>(i)]; }
  const Step& step() const { return step_at(state_.step); }

  void record(v1::TransitionKind kind, int step, std::string_view code = {}, std::string_view message = {},
              std::optional<Timestamp> wake_at = std::nullopt) {
    v1::SagaTransition& t = *record_.add_transitions();
    t.set_kind(kind);
    t.set_step(step);
    t.set_attempt(state_.attempt);
    if (!code.empty()) t.set_code(std::string(code));
    if (!message.empty()) t.set_message(std::string(message));
    if (wake_at) {
      auto since = wake_at->time_since_epoch();
      t.mutable_wake_at()->set_seconds(since.count() / 1'000'000);
      t.mutable_wake_at()->set_nanos(static_cast<std::int32_t>(since.count() % 1'000'000) * 1000);
    }
    if (static_cast<std::size_t>(step) < def_.steps.size()) t.set_step_name(std::string(step_at(step).name));
    evolve(state_, t, context_.now);
  }

  // Goes as far as it goes without the outside.
  void go_on() {
    while (state_.waiting == Waiting::nothing) {
      if (state_.phase == Phase::forward)
        next_step();
      else if (state_.phase == Phase::compensating)
        next_compensation();
      else
        return;
    }
  }

  void next_step() {
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

  void begin_try(int attempt) {
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

  void wait_for_event() {
    state_.attempt = 1;
    record(v1::TRANSITION_KIND_STEP_STARTED, state_.step, {}, {}, context_.now + step().timeout);
    settled_by_case();
  }

  // Whether what is waited for (by an event step or a poll) has come to pass, one way or the other.
  bool settled_by_case() {
    const Action& a = step().action;
    if (a.done(case_)) {
      succeed();
      return true;
    }
    return failed_by_case();
  }

  bool failed_by_case() {
    const Action& a = step().action;
    if (a.failed_with == nullptr) return false;
    std::optional<Rejection> no = a.failed_with(case_);
    if (no) fail(no->code, no->message);
    return no.has_value();
  }

  void call(const Action& action, v1::Operation operation, int attempt, v1::TransitionKind kind) {
    bool query = operation != action.operation;
    v1::EffectRequest& r = *record_.mutable_request();
    r.Clear();
    action.fill(case_, r);
    r.set_saga(saga_stream(def_.name, state_.order_id));
    r.set_step(state_.step);
    r.set_attempt(attempt);
    r.set_compensation(state_.phase == Phase::compensating);
    r.set_operation(operation);
    if (query) r.set_queried(action.operation);
    r.set_idempotency_key(idempotency_key(action.operation, r.subject_id()));
    if (v1::Operation target = target_of(action.operation); target != v1::OPERATION_UNSPECIFIED)
      r.set_target_key(idempotency_key(target, r.subject_id()));
    r.set_order_id(state_.order_id);
    r.set_timeout_millis(static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(step().timeout).count()));
    state_.attempt = attempt;
    record(kind, state_.step, {}, {}, context_.now + step().timeout + kAnswerGrace);
    state_.request = r;
  }

  void step_answered(const v1::EffectResult& result) {
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

  void record_success(const Action& a, const v1::EffectResult& result) {
    // Taken before the step ends: the commands that record it speak of this attempt.
    for (RecordResult make : a.record)
      if (make != nullptr && refused(make, result)) return;
    if (!only_reads(a)) return succeed();
    if (settled_by_case()) return;
    record(v1::TRANSITION_KIND_STEP_POLLED, state_.step, {}, {}, context_.now + poll_interval(a.poll_every, state_.attempt));
  }

  // Has an aggregate record a result. When it refuses (the outside says what our rules forbid), only a person can help.
  bool refused(RecordResult make, const v1::EffectResult& result) {
    const Message* command = make(case_, result, context_);
    if (command == nullptr) return false;
    std::optional<Rejection> no = local_.decide({&command, 1});
    if (no) park(no->code, no->message);
    return no.has_value();
  }

  void still_unknown(const v1::EffectResult& result) {
    const Step& s = step();
    bool first = state_.unknown_since == Timestamp{};
    if (first && s.action.record_unknown != nullptr && refused(s.action.record_unknown, result)) return;
    if (!first && context_.now - state_.unknown_since >= s.unknown_for)
      return exhausted(s.unknown_code, "the participant never said what became of " + std::string(s.name));
    Duration wait = backoff(s.retry, state_.order_id, state_.step, state_.queries + 1);
    record(v1::TRANSITION_KIND_STEP_UNKNOWN, state_.step, result.code(), result.message(), context_.now + wait);
  }

  void try_again(std::string_view code, std::string_view message) {
    const Step& s = step();
    if (s.retry.max_attempts != 0 && state_.attempt >= s.retry.max_attempts)
      return exhausted(code.empty() ? "DEPENDENCY_UNAVAILABLE" : code, message);
    Duration wait = backoff(s.retry, state_.order_id, state_.step, state_.attempt);
    record(v1::TRANSITION_KIND_STEP_RETRIED, state_.step, code, message, context_.now + wait);
  }

  void exhausted(std::string_view code, std::string_view message) {
    if (step().on_exhausted == OnExhausted::park || state_.pivot_passed) return park(code, message);
    // Tries that ended without a definite no may still arrive: a request of a process that died, or one that the network
    // repeats. Such a step is not marked as failed, so that it is undone with the others; undoing what never was done
    // keeps it from being done later.
    if (step().action.participant == Participant::effect) return compensate(code, message);
    fail(code, message);
  }

  void fail(std::string_view code, std::string_view message) {
    if (state_.pivot_passed || step().on_exhausted == OnExhausted::park) return park(code, message);
    std::string why_code(code), why(message);  // may be views into the state
    record(v1::TRANSITION_KIND_STEP_FAILED, state_.step, why_code, why);
    compensate(why_code, why);
  }

  void compensate(std::string_view code, std::string_view message) {
    std::string why_code(code), why(message);
    record(v1::TRANSITION_KIND_COMPENSATING, state_.step, why_code, why);
  }

  void park(std::string_view code, std::string_view message) {
    std::string why_code(code), why(message);
    record(v1::TRANSITION_KIND_PARKED, state_.step, why_code, why);
  }

  void succeed() {
    bool pivot = step().kind == StepKind::pivot;
    record(v1::TRANSITION_KIND_STEP_SUCCEEDED, state_.step);
    if (pivot) pass_pivot();
  }

  void pass_pivot() {
    record(v1::TRANSITION_KIND_PIVOT_PASSED, state_.step - 1);
    reply(common::OUTCOME_SUCCEEDED);
  }

  // Undoes the last step that needs it, or ends.
  void next_compensation() {
    for (int i = std::min(state_.step, static_cast<int>(def_.steps.size()) - 1); i >= 0; --i) {
      StepStatus status = state_.steps[static_cast<std::size_t>(i)];
      bool touched = status == StepStatus::succeeded || status == StepStatus::started || status == StepStatus::unknown;
      const Action& undo = step_at(i).compensation;
      if (!touched || undo.participant == Participant::none) continue;
      if (undo.applies != nullptr && !undo.applies(case_)) continue;
      state_.step = i;  // the transition that follows says so too
      return begin_compensation(1);
    }
    reply(common::OUTCOME_REJECTED);
    record(v1::TRANSITION_KIND_FAILED, 0, state_.code, state_.message);
  }

  void begin_compensation(int attempt) {
    const Action& undo = step().compensation;
    if (undo.participant == Participant::effect) return call(undo, undo.operation, attempt, v1::TRANSITION_KIND_COMPENSATION_STARTED);
    std::optional<Rejection> no = decide(undo.commands);
    if (no)
      compensation_failed(no->code, no->message);
    else
      record(v1::TRANSITION_KIND_STEP_COMPENSATED, state_.step);
  }

  void compensation_answered(const v1::EffectResult& result) {
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

  void compensate_again(std::string_view code, std::string_view message) {
    const Retry& retry = step().compensation_retry;
    if (retry.max_attempts != 0 && state_.attempt >= retry.max_attempts) return compensation_failed(code, message);
    Duration wait = backoff(retry, state_.order_id, state_.step, state_.attempt);
    record(v1::TRANSITION_KIND_COMPENSATION_RETRIED, state_.step, code, message, context_.now + wait);
  }

  void compensation_failed(std::string_view code, std::string_view message) {
    std::string why_code(code), why(message);
    record(v1::TRANSITION_KIND_COMPENSATION_FAILED, state_.step, why_code, why);
  }

  void woken() {
    v1::EffectResult silence;
    silence.set_code("DEPENDENCY_TIMEOUT");
    silence.set_message("no answer came");
    silence.set_outcome(v1::EFFECT_OUTCOME_UNKNOWN);
    switch (state_.waiting) {
      case Waiting::effect:
        if (state_.phase == Phase::compensating) return compensate_again(silence.code(), silence.message());
        silence.set_operation(step().action.operation);
        return step_answered(silence);
      case Waiting::query:
        silence.set_operation(step().action.query);
        return step_answered(silence);
      case Waiting::query_retry:
        return call(step().action, step().action.query, state_.attempt, v1::TRANSITION_KIND_STEP_QUERIED);
      case Waiting::retry:
        if (state_.phase == Phase::compensating) return begin_compensation(state_.attempt + 1);
        return begin_try(state_.attempt + 1);
      case Waiting::poll:
        return begin_try(state_.attempt + 1);
      case Waiting::event:
        return exhausted("DEPENDENCY_TIMEOUT", std::string(step().name) + " did not happen in time");
      case Waiting::nothing:
        return;
    }
  }

  // Local commands of an action, all or none.
  std::optional<Rejection> decide(const UpTo4<MakeCommand>& makers) {
    std::array<const Message*, kMaxCommands> commands{};
    std::size_t n = 0;
    for (MakeCommand make : makers)
      if (make != nullptr) commands[n++] = make(case_, context_);
    if (n == 0) return std::nullopt;
    return local_.decide({commands.data(), n});
  }

  void reply(common::Outcome outcome) {
    if (state_.replied || state_.origin.command_id().empty()) return;
    common::CommandReply& r = *record_.mutable_reply();
    r.set_command_id(state_.origin.command_id());
    r.set_outcome(outcome);
    r.set_aggregate_id(state_.order_id);
    if (outcome != common::OUTCOME_SUCCEEDED) {
      r.mutable_error()->set_code(state_.code);
      r.mutable_error()->set_message(state_.message);
    }
    if (state_.origin.reply().when() == ordersaga::log::v1::REPLY_WHEN_COMPLETED) *record_.mutable_reply_to() = state_.origin.reply();
    state_.replied = true;
    state_.reply = r;
  }

  const Definition& def_;
  SagaState& state_;
  const OrderCase& case_;
  const Context& context_;
  LocalDecider& local_;
  v1::SagaAdvanced& record_;
};

}  // namespace

bool react(const Definition& definition, SagaState& state, const OrderCase& order_case, const Stimulus& stimulus, const Context& context,
           LocalDecider& local, v1::SagaAdvanced& record) {
  Move move(definition, state, order_case, context, local, record);
  return std::visit([&](const auto& s) { return move.on(s); }, stimulus);
}

std::string idempotency_key(v1::Operation operation, std::string_view subject_id) {
  std::string_view verb = word(operation);
  std::string key;
  key.reserve(subject_id.size() + 1 + verb.size());
  return key.append(subject_id).append("/").append(verb);
}

}  // namespace ordersaga::sagas
