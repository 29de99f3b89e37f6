#include <utility>

#include "outbox-relay/log_tail.h"

namespace ordersaga::relay {

void StoreTail::ask(const TailQuestion& question) {
  question_ = question;
  awaits_ = true;
}

TailAnswer StoreTail::take(std::vector<events::RecordedEvent>& out) {
  awaits_ = false;
  out.clear();
  for (const TailQuestion::Part& part : question_.parts) {
    const events::ShardPosition after{part.shard, part.after};
    std::size_t bytes = 0;
    for (events::RecordedEvent& record : store_.read_shards({&after, 1}, part.records)) {
      bytes += record.payload.size() + record.metadata.size() + kRecordOverhead;
      if (bytes > question_.bytes_each) break;
      out.push_back(std::move(record));
    }
  }
  return {.untold = out.size()};
}

}  // namespace ordersaga::relay
