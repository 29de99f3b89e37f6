#include "sagas/move.h"

#include <algorithm>

namespace ordersaga::sagas {
namespace {

// SplitMix64's finisher: jitter that a replay repeats.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

Duration backoff(const Retry& retry, std::string_view order_id, int step, int tries) {
  Duration ceiling = retry.base;
  for (int i = 1; i < tries && ceiling < retry.cap; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, retry.cap);
  std::uint64_t seed = mix(murmur2(order_id) ^ static_cast<std::uint64_t>(step) << 32 ^ static_cast<std::uint64_t>(tries) << 48);
  return Duration(static_cast<std::int64_t>(seed % static_cast<std::uint64_t>(ceiling.count() + 1)));
}

Duration poll_interval(const Retry& every, int polls) {
  Duration interval = every.base;
  for (int i = 1; i < polls && interval < every.cap; ++i) interval *= 2;
  return std::min(interval, every.cap);
}

void Move::woken() {
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

}  // namespace ordersaga::sagas
