// Parked records, applied after all or dropped, as an operator asked: those of one key, in order.
#pragma once

#include "events/event_store.h"
#include "projections/apply.h"
#include "projections/requests.h"

namespace ordersaga::projections {

struct Redriven {
  // False: somebody else has moved the checkpoint, nothing was done, and the standings are no longer true.
  bool committed = false;
  // False: some were applied, and there is more to do: call it again.
  bool finished = false;
  RequestDone done;
};

// Applies what is parked of the request's key from the log, in order, as far as it goes; records that still cannot be applied
// stay parked with their new reason, and so do those behind them. Rows, what is parked, and the audit are one transaction.
// REQUIRES: the standings are those of the request's shard. After an exception they are no longer true: open them again.
Redriven redrive(ReadStore& store, events::EventStore& log, const ProjectionSet& projections, Standings& standings, const Request& request,
                 Timestamp now);

}  // namespace ordersaga::projections
