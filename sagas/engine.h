// The saga engine: what a saga does next. Pure; evolve is in saga_state.h.
//
// The turn gives the engine one stimulus; react answers with transitions (already folded into the state), and with what
// the turn must do: decide local commands (the answer comes back as the stimulus Decided), or record a call to the
// outside. The engine is asked again until it has nothing more to do.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sagas/definition.h"
#include "sagas/order_case.h"

namespace ordersaga::sagas {

struct Begin {};
// The turn decided the commands of the last reaction: all accepted, or one rejected and none applied.
struct Decided {
  const aggregates::Rejection* rejection = nullptr;
};
struct Answered {
  const v1::EffectResult* result;
};
// An event of the order happened.
struct Happened {
  const google::protobuf::Descriptor* event;
};
// The wake-up is due.
struct Woken {};
using Stimulus = std::variant<Begin, Decided, Answered, Happened, Woken>;

struct Reaction {
  // Local commands to decide together, now.
  std::vector<const Message*> commands;
  // A call to record and make; its bytes are also in the state.
  v1::EffectRequest* request = nullptr;
  // False: the stimulus meant nothing to this saga.
  bool moved = false;
};

// `record` collects this turn's transitions of the saga; the state already contains them when react returns.
Reaction react(const Definition& definition, SagaState& state, const OrderCase& order_case, const Stimulus& stimulus,
               const Context& context, v1::SagaAdvanced& record);

}  // namespace ordersaga::sagas
