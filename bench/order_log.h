// Fills a log with orders, as the pure turn decides them: from the command to the saga that books the shipment, one in ten
// declined.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "events/event_store.h"

namespace ordersaga::bench {

// Where the records of made-up turns go.
struct OrderLogSink {
  std::function<Timestamp()> now;  // of the next turn; never falls
  std::function<void(std::vector<events::NewRecord>&& records, Timestamp now)> append;
};

// The turns of `orders` orders into the sink; otherwise as fill_log().
std::uint64_t make_orders(int shards, const std::string& prefix, int orders, int wave, const OrderLogSink& sink);

// Appends `orders` orders, `wave` of them at a time: the first turn of all of a wave, then the answers of the gateway, then
// those of the carrier, so that records of different orders lie mixed as they do under load. Ids begin with `prefix`.
// Gives the number of records.
std::uint64_t fill_log(events::EventStore& store, const std::string& prefix, int orders, int wave);

}  // namespace ordersaga::bench
