// The decision to record what the gateway answered; payment.h tells its rules.
#pragma once

#include "aggregates/payment/payment.h"

namespace ordersaga::aggregates::payment {

Decision<Event> record_result(const v1::RecordPaymentResult& command, const State& state, const Context& context);

}  // namespace ordersaga::aggregates::payment
