// The stock item: one SKU's ledger of what came in. Stream stock-<sku>; key: the SKU.
#pragma once

#include <cstdint>
#include <vector>

#include "aggregates/decider.h"
#include "aggregates/stock/levels.h"
#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/inventory/v1/events.pb.h"

namespace ordersaga::aggregates::stock {

namespace v1 = ordersaga::inventory::v1;

struct State {
  bool exists = false;
  // Units ever received, over all locations.
  std::int64_t received = 0;
};

using Command = OneOf<v1::ReceiveStock>;
using Event = OneOf<v1::StockReceived>;

// Units of one SKU over all time.
inline constexpr std::int64_t kMaxUnits = 1'000'000'000'000;

// ReceiveStock is refused with INVALID_ARGUMENT unless the SKU and the location are ids (schemas/ids.h), the quantity is
// positive, and the sum of all receipts stays within kMaxUnits. It is not idempotent: each one is a delivery.
Decision<Event> decide(const Command& command, const State& state, const Context& context);
void evolve(State& state, const Event& event);

// How an event of any aggregate changes stock levels; empty for most. The one place that knows: the turn, the checkers
// and the projections fold levels through it. They name what the event names, and so end with it.
std::vector<Delta> deltas(const Message& event);

}  // namespace ordersaga::aggregates::stock
