// From what a person types to what is meant: ids, their unique beginnings, order numbers.
#pragma once

#include <string>
#include <vector>

#include "tools/sagactl/context.h"

namespace ordersaga::sagactl {

struct OrderRef {
  std::string id;
  std::string number;
};

// The order that `text` names: its id, its number, or an unambiguous beginning of either. With --wait, waits for it to
// appear. Throws Failure: not_found, or usage when several begin so.
OrderRef find_order(Context& context, const std::string& text);

struct SagaRef {
  std::string stream;
  std::string type;
  std::string order_id;
  std::string order_number;  // empty until the order's row is there
};

// The sagas that `text` names: one by its id or an unambiguous beginning of it, or all sagas of an order. Never empty.
std::vector<SagaRef> find_sagas(Context& context, const std::string& text);

// A saga's id is its stream without "saga-".
std::string saga_id(const std::string& stream);

}  // namespace ordersaga::sagactl
