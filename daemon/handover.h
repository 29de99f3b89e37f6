// From who appends to the log to who publishes it, where both are of this process.
#pragma once

#include "events/recent_records.h"
#include "outbox-relay/wake.h"

namespace ordersaga::daemon {

struct Handover {
  // A busy process appends some 15 MB in a second, and its relay reads every 30 ms at least.
  static constexpr std::size_t kMaxBytes = 8 << 20;

  relay::Wake log_grew;  // notified after each commit, when `records` has what it appended
  events::RecentRecords records{kMaxBytes};
};

}  // namespace ordersaga::daemon
