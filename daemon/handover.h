// From who appends to the log to who publishes it, where both are of this process.
#pragma once

#include "events/recent_records.h"
#include "outbox-relay/wake.h"

namespace ordersaga::daemon {

struct Handover {
  // Room for some 20,000 records: a third of a second at 4,500 orders/s, of which the relay waits 30 ms at most between reads.
  static constexpr std::size_t kMaxBytes = 8 << 20;

  relay::Wake log_grew;  // notified after each commit, when `records` has what it appended
  events::RecentRecords records{kMaxBytes};
};

}  // namespace ordersaga::daemon
