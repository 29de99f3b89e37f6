#pragma once

#include "sagas/definition.h"

namespace ordersaga::sagas {

// From OrderConfirmed to OrderCompleted. When it cannot ship, it undoes what place_order left behind and cancels the order.
extern const Definition kFulfilOrder;

}  // namespace ordersaga::sagas
