#include "outbox-relay/pace.h"

#include <algorithm>
#include <utility>

namespace ordersaga::relay {

namespace {

// Of the time since something was found, the part that may pass until the next look: appends that come at random are not
// taken for over at the first pause between two.
constexpr int kPatience = 8;

}  // namespace

std::chrono::microseconds Pace::until_read(std::chrono::microseconds now) const {
  if (hurries_) return std::chrono::microseconds(0);
  return std::max(std::chrono::microseconds(0), read_at_ + (woken_ ? pause_ : std::max(gap_, pause_)) - now);
}

void Pace::read(std::size_t records, std::chrono::microseconds now) {
  const bool was_asked = std::exchange(woken_, false) || std::exchange(hurries_, false);
  hurries_ = false;
  read_at_ = now;
  pause_ = std::min(limits_.longest_after_catch, limits_.each_caught * static_cast<std::int64_t>(records));
  if (was_asked) return;
  if (records > 0) found_at_ = now;
  gap_ = std::clamp((now - found_at_) / kPatience, limits_.shortest, limits_.longest);
}

}  // namespace ordersaga::relay
