#pragma once

#include "sagas/definition.h"

namespace ordersaga::sagas {

// From OrderPlaced to OrderConfirmed, or back to OrderRejected. Starts with the order; fulfil_order goes on from its end.
extern const Definition kPlaceOrder;

}  // namespace ordersaga::sagas
