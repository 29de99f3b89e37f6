// Where a saga is: the fold of its stream.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "aggregates/packed.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "schemas/ids.h"

namespace ordersaga::sagas {

namespace v1 = ordersaga::saga::v1;
using aggregates::Packed;

inline constexpr int kMaxSteps = 16;

enum class Phase : std::uint8_t {
  none,                 // not started
  forward,              // doing steps
  compensating,         // undoing them, last first
  completed,            // all steps done
  failed,               // all that was done is undone
  compensation_failed,  // a compensation's retries are spent: waits for an operator
  parked,               // cannot go on by itself: waits for an operator
};
std::string_view name(Phase phase);
constexpr bool is_over(Phase p) {
  return p == Phase::completed || p == Phase::failed;
}
constexpr bool waits_for_operator(Phase p) {
  return p == Phase::compensation_failed || p == Phase::parked;
}

enum class StepStatus : std::uint8_t { untouched, started, unknown, succeeded, skipped, failed, compensated };

// What the current step (or compensation) waits for.
enum class Waiting : std::uint8_t { nothing, effect, query, retry, query_retry, poll, event };

struct SagaState {
  int definition = -1;  // index into definitions()
  int definition_version = 0;
  Phase phase = Phase::none;
  int step = 0;
  std::array<StepStatus, kMaxSteps> steps{};
  Waiting waiting = Waiting::nothing;
  int attempt = 0;  // of the current step or compensation, from 1
  int queries = 0;  // asked so far about the current attempt's outcome
  bool pivot_passed = false;
  // When the saga must look again by itself; meaningful unless it is over or waits for an operator.
  Timestamp wake_at{};
  // Since when the current step's outcome is unknown.
  Timestamp unknown_since{};
  // Why it compensates or is parked.
  std::string code;
  std::string message;
  // The call that is outstanding, as it was recorded; valid while the saga waits for its answer.
  Packed<v1::EffectRequest> request;
  Packed<v1::SagaOrigin> origin;
  // Whether the sender of the starting command has been answered (by the record that set this).
  bool replied = false;
  Packed<ordersaga::common::v1::CommandReply> reply;
};

// Whether a call to the outside has not been answered yet.
constexpr bool waits_for_answer(const SagaState& s) {
  return s.waiting == Waiting::effect || s.waiting == Waiting::query;
}

// REQUIRES: `event` is the next of the stream of a saga of that definition.
void evolve(SagaState& state, int definition, const v1::SagaAdvanced& event, Timestamp recorded_at);

}  // namespace ordersaga::sagas
