// Which offset of a partition may be committed, when records are done in another order than they came.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

namespace ordersaga::consumers {

// One partition. One thread at a time.
class OffsetTracker {
 public:
  // REQUIRES: offsets rise.
  void begin(std::int64_t offset) { open_.push_back({offset, false}); }

  // Everything below the result is done; nullopt when that has not changed. Unknown offsets are ignored: they belong to an
  // earlier assignment.
  std::optional<std::int64_t> done(std::int64_t offset) {
    auto at = std::lower_bound(open_.begin(), open_.end(), offset, [](const Entry& e, std::int64_t o) { return e.offset < o; });
    if (at != open_.end() && at->offset == offset) at->done = true;
    std::optional<std::int64_t> next;
    while (!open_.empty() && open_.front().done) {
      next = open_.front().offset + 1;
      open_.pop_front();
    }
    return next;
  }

  std::size_t open() const { return open_.size(); }

 private:
  struct Entry {
    std::int64_t offset;
    bool done;
  };
  std::deque<Entry> open_;
};

}  // namespace ordersaga::consumers
