// The saga engine: what a saga does next. Pure; evolve is in saga_state.h.
//
// The turn gives the engine one stimulus. react moves the saga as far as it can go without the outside: it has local
// commands decided (by the turn, at once), records transitions, and at most one call to the outside.
#pragma once

#include <span>
#include <string>
#include <variant>

#include "sagas/definition.h"
#include "sagas/order_case.h"

namespace ordersaga::sagas {

struct Begin {};
// A call to the outside was answered.
struct Answered {
  const v1::EffectResult* result;
};
// Something happened to the order.
struct Happened {};
// The wake-up is due.
struct Woken {};
using Stimulus = std::variant<Begin, Answered, Happened, Woken>;

// Decides local commands for the engine and applies their events to the order's case.
class LocalDecider {
 public:
  // All commands are accepted and applied, or none is and the rejection of the first that was refused comes back.
  virtual std::optional<aggregates::Rejection> decide(std::span<const Message* const> commands) = 0;

 protected:
  ~LocalDecider() = default;
};

// Appends the transitions to `record`, and sets its request and reply; `state` contains them when react returns.
// Returns false when the stimulus means nothing to the saga now (late, repeated or early); then nothing has changed.
bool react(const Definition& definition, SagaState& state, const OrderCase& order_case, const Stimulus& stimulus, const Context& context,
           LocalDecider& local, v1::SagaAdvanced& record);

// The call whose answer the saga waits for, as its executor needs it: what was recorded, and what follows from its place.
// The same call every time. Null when there is none.
v1::EffectRequest* outstanding_call(const Definition& definition, const SagaState& state, const OrderCase& order_case,
                                    const Context& context);
// The same, right after react(), with the call that it has recorded.
v1::EffectRequest* recorded_call(const Definition& definition, const SagaState& state, const OrderCase& order_case,
                                 const v1::EffectRequest& recorded, const Context& context);

// Key under which an operation on a subject is known to its participant: the same for every try.
std::string idempotency_key(v1::Operation operation, std::string_view subject_id);

}  // namespace ordersaga::sagas
