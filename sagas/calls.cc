#include "sagas/move.h"

#include "sagas/transition.h"
#include "schemas/lineage.h"

namespace ordersaga::sagas {
namespace {

// How much longer the saga waits for an answer than the call itself may take: the caller reports its own time-outs, and
// this is for the caller that died.
constexpr Duration kAnswerGrace = std::chrono::seconds(5);

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

// What follows from where the saga is.
void complete(const Definition& definition, const SagaState& state, const OrderCase& order_case, v1::EffectRequest& r) {
  r.set_saga(saga_stream(definition.name, order_case.order_id));
  r.set_step(state.step);
  r.set_attempt(state.attempt);
  r.set_compensation(state.phase == Phase::compensating);
  r.set_order_id(order_case.order_id);
  r.set_subject_id(subject_of(r, order_case.order_id));
  // A query carries the key of what it asks about.
  v1::Operation acting = r.queried() == v1::OPERATION_UNSPECIFIED ? r.operation() : r.queried();
  r.set_idempotency_key(idempotency_key(acting, r.subject_id()));
  if (v1::Operation target = target_of(acting); target != v1::OPERATION_UNSPECIFIED)
    r.set_target_key(idempotency_key(target, r.subject_id()));
  Duration timeout = definition.steps[static_cast<std::size_t>(state.step)].timeout;
  r.set_timeout_millis(static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count()));
}

}  // namespace

void Move::call(const Action& action, v1::Operation operation, int attempt, v1::TransitionKind kind) {
  v1::EffectRequest& r = *record_.mutable_request();
  r.Clear();
  action.fill(case_, r);
  r.set_operation(operation);
  if (operation != action.operation) r.set_queried(action.operation);
  state_.attempt = attempt;
  record(kind, state_.step, {}, {}, step().timeout + kAnswerGrace);
  note_call_and_reply(state_, record_);
}

v1::EffectRequest* outstanding_call(const Definition& definition, const SagaState& state, const OrderCase& order_case,
                                    const Context& context) {
  if (!waits_for_answer(state)) return nullptr;
  auto* r = aggregates::make<v1::EffectRequest>(context);
  state.request.unpack(*r);
  complete(definition, state, order_case, *r);
  return r;
}

v1::EffectRequest* recorded_call(const Definition& definition, const SagaState& state, const OrderCase& order_case,
                                 const v1::EffectRequest& recorded, const Context& context) {
  auto* r = aggregates::make<v1::EffectRequest>(context);
  *r = recorded;
  complete(definition, state, order_case, *r);
  return r;
}

std::string idempotency_key(v1::Operation operation, std::string_view subject_id) {
  std::string_view verb = word(operation);
  std::string key;
  key.reserve(subject_id.size() + 1 + verb.size());
  return key.append(subject_id).append("/").append(verb);
}

}  // namespace ordersaga::sagas
