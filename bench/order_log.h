// Fills a log with orders, as the pure turn decides them: from the command to the saga that books the shipment, one in ten
// declined.
#pragma once

#include <cstdint>
#include <string>

#include "events/event_store.h"

namespace ordersaga::bench {

// Appends `orders` orders, `wave` of them at a time: the first turn of all of a wave, then the answers of the gateway, then
// those of the carrier, so that records of different orders lie mixed as they do under load. Ids begin with `prefix`.
// Gives the number of records.
std::uint64_t fill_log(events::EventStore& store, const std::string& prefix, int orders, int wave);

}  // namespace ordersaga::bench
