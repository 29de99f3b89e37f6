#include "sagas/move.h"

namespace ordersaga::sagas {

void Move::still_unknown(const v1::EffectResult& result) {
  const Step& s = step();
  bool first = state_.unknown_since == Timestamp{};
  if (first && s.action.record_unknown != nullptr && refused(s.action.record_unknown, result)) return;
  if (!first && context_.now - state_.unknown_since >= s.unknown_for)
    return exhausted(s.unknown_code, "the participant never said what became of " + std::string(s.name));
  Duration wait = backoff(s.retry, case_.order_id, state_.step, state_.queries + 1);
  record(v1::TRANSITION_KIND_STEP_UNKNOWN, state_.step, result.code(), result.message(), wait);
}

}  // namespace ordersaga::sagas
