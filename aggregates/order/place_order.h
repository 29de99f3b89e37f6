// The decision to place an order; order.h tells its rules.
#pragma once

#include "aggregates/order/order.h"

namespace ordersaga::aggregates::order {

// REQUIRES: the order does not exist yet; facts are complete.
Decision<Event> place(const v1::PlaceOrder& command, const Facts& facts, const Context& context);

}  // namespace ordersaga::aggregates::order
