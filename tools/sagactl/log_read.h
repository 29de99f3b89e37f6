// Whole streams and orders out of the log.
#pragma once

#include <string>
#include <vector>

#include "events/event_store.h"

namespace ordersaga::sagactl {

// All records of a stream.
std::vector<events::RecordedEvent> read_whole(events::EventStore& store, const std::string& stream);
// All records of an order's streams, in order of position.
std::vector<events::RecordedEvent> read_order(events::EventStore& store, const std::string& order_id);

}  // namespace ordersaga::sagactl
