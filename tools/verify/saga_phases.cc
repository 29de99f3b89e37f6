#include "tools/verify/saga_phases.h"

namespace ordersaga::verify {

namespace v1 = ordersaga::saga::v1;

std::string_view name(SagaPhase phase) {
  switch (phase) {
    case SagaPhase::forward:
      return "RUNNING";
    case SagaPhase::compensating:
      return "COMPENSATING";
    case SagaPhase::completed:
      return "COMPLETED";
    case SagaPhase::failed:
      return "FAILED";
    case SagaPhase::compensation_failed:
      return "COMPENSATION_FAILED";
    case SagaPhase::parked:
      return "PARKED";
  }
  return "UNKNOWN";
}

void SagaPhases::clear() {
  sagas_.clear();
  orders_.clear();
}

void SagaPhases::see(const LogEntry& entry) {
  if (entry.stream.kind != StreamKind::saga) return;
  const auto* advanced = entry.as<v1::SagaAdvanced>();
  if (advanced == nullptr) return;
  auto [it, is_new] = sagas_.try_emplace(entry.record.stream);
  Saga& saga = it->second;
  OfOrder& order = orders_[std::string(entry.stream.key)];
  if (is_new) ++order.started;
  bool was_over = is_over(saga.phase);
  saga.wake_at.reset();
  for (const v1::SagaTransition& transition : advanced->transitions()) {
    if (transition.has_wake_after_micros()) saga.wake_at = entry.record.recorded_at + Duration(transition.wake_after_micros());
    switch (transition.kind()) {
      case v1::TRANSITION_KIND_COMPLETED:
        saga.phase = SagaPhase::completed;
        break;
      case v1::TRANSITION_KIND_FAILED:
        saga.phase = SagaPhase::failed;
        break;
      case v1::TRANSITION_KIND_PARKED:
        saga.phase = SagaPhase::parked;
        break;
      case v1::TRANSITION_KIND_COMPENSATION_FAILED:
        saga.phase = SagaPhase::compensation_failed;
        break;
      case v1::TRANSITION_KIND_COMPENSATING:
      case v1::TRANSITION_KIND_COMPENSATION_STARTED:
        saga.phase = SagaPhase::compensating;
        break;
      case v1::TRANSITION_KIND_STARTED:
      case v1::TRANSITION_KIND_STEP_STARTED:
        saga.phase = SagaPhase::forward;
        break;
      default:
        break;
    }
  }
  // Every record of a saga answers what was outstanding, or asks again.
  saga.effect_outstanding = advanced->has_request();
  if (!was_over && is_over(saga.phase)) ++order.over;
  if (was_over && !is_over(saga.phase)) --order.over;
}

bool SagaPhases::all_over(std::string_view order_id) const {
  auto order = orders_.find(std::string(order_id));
  return order != orders_.end() && order->second.started == order->second.over;
}

}  // namespace ordersaga::verify
