// One reaction of one saga to one stimulus. Internal to the engine, whose concerns are a file each:
//
//   engine.cc        the stimuli, recording, the loop
//   forward.cc       doing steps
//   unknown.cc       finding out what became of a call
//   compensation.cc  undoing steps
//   timers.cc        how long to wait, and what a wake-up means
//   calls.cc         what is asked of the outside
#pragma once

#include <optional>
#include <string_view>

#include "sagas/engine.h"

namespace ordersaga::sagas {

class Move {
 public:
  // All arguments outlive the move.
  Move(const Definition& definition, SagaState& state, const OrderCase& order_case, const Context& context, LocalDecider& local,
       v1::SagaAdvanced& record)
      : def_(definition), state_(state), case_(order_case), context_(context), local_(local), record_(record) {}

  // Whether the stimulus means anything now.
  bool on(const Begin&);
  bool on(const Answered& answered);
  bool on(const Happened&);
  bool on(const Woken&);

 private:
  using Rejection = aggregates::Rejection;

  const Step& step_at(int i) const { return def_.steps[static_cast<std::size_t>(i)]; }
  const Step& step() const { return step_at(state_.step); }

  // `code` and `message` may be views into the state.
  void record(v1::TransitionKind kind, int step, std::string_view code = {}, std::string_view message = {},
              std::optional<Duration> wake_after = std::nullopt);
  // Goes as far as it goes without the outside.
  void go_on();
  // Local commands of an action, all or none.
  std::optional<Rejection> decide(const UpTo4<MakeCommand>& makers);
  void reply(ordersaga::common::v1::Outcome outcome);

  void next_step();
  void begin_try(int attempt);
  void wait_for_event();
  // Whether what is waited for (by an event step or a poll) has come to pass, one way or the other.
  bool settled_by_case();
  bool failed_by_case();
  void step_answered(const v1::EffectResult& result);
  void record_success(const Action& action, const v1::EffectResult& result);
  // Has an aggregate record a result. When it refuses (the outside says what our rules forbid), only a person can help.
  bool refused(RecordResult make, const v1::EffectResult& result);
  void try_again(std::string_view code, std::string_view message);
  void exhausted(std::string_view code, std::string_view message);
  void fail(std::string_view code, std::string_view message);
  void park(std::string_view code, std::string_view message);
  void succeed();
  void pass_pivot();

  void still_unknown(const v1::EffectResult& result);

  void compensate(std::string_view code, std::string_view message);
  // Undoes the last step that needs it, or ends.
  void next_compensation();
  void begin_compensation(int attempt);
  void compensation_answered(const v1::EffectResult& result);
  void compensate_again(std::string_view code, std::string_view message);
  void compensation_failed(std::string_view code, std::string_view message);

  void woken();

  // `operation`: the action's own, or its query.
  void call(const Action& action, v1::Operation operation, int attempt, v1::TransitionKind kind);

  const Definition& def_;
  SagaState& state_;
  const OrderCase& case_;
  const Context& context_;
  LocalDecider& local_;
  v1::SagaAdvanced& record_;
};

// Full jitter (Brooker, "Exponential Backoff And Jitter"), from the saga's identity instead of a generator.
Duration backoff(const Retry& retry, std::string_view order_id, int step, int tries);
// Polls are spaced wider and wider, without jitter: they come as often as they must.
Duration poll_interval(const Retry& every, int polls);

}  // namespace ordersaga::sagas
