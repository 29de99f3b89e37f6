#include "tools/sagactl/log_read.h"

#include <algorithm>

#include "sagas/order_case.h"

namespace ordersaga::sagactl {

namespace {

constexpr std::size_t kPerRead = 1'000;

}  // namespace

std::vector<events::RecordedEvent> read_whole(events::EventStore& store, const std::string& stream) {
  std::vector<events::RecordedEvent> records;
  for (;;) {
    Version after = records.empty() ? Version(0) : records.back().version;
    std::vector<events::RecordedEvent> more = store.read_stream(stream, after, kPerRead);
    if (more.empty()) return records;
    records.insert(records.end(), more.begin(), more.end());
  }
}

std::vector<events::RecordedEvent> read_order(events::EventStore& store, const std::string& order_id) {
  std::vector<events::RecordedEvent> records;
  auto add = [&](const std::string& stream) {
    std::vector<events::RecordedEvent> more = read_whole(store, stream);
    records.insert(records.end(), more.begin(), more.end());
    return !more.empty();
  };
  for (const std::string& stream : sagas::streams_of_case(order_id)) {
    if (!stream.ends_with('.')) {
      add(stream);
      continue;
    }
    // Payments and parcels are numbered from 1 without a gap.
    for (int n = 1; add(stream + std::to_string(n)); ++n) {
    }
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
  return records;
}

}  // namespace ordersaga::sagactl
