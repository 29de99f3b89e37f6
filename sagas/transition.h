// The fold's smaller half, which the engine shares: one transition, before its record is complete.
#pragma once

#include "sagas/saga_state.h"

namespace ordersaga::sagas {

void evolve(SagaState& state, const v1::SagaTransition& transition, Timestamp recorded_at);
// What a record carries beside its transitions.
void note_call_and_reply(SagaState& state, const v1::SagaAdvanced& event);

}  // namespace ordersaga::sagas
