#include "outbox-relay/pace.h"

#include <algorithm>

namespace ordersaga::relay {

namespace {

// Of the time since something was found, the part that may pass until the next look: appends that come at random are not
// taken for over at the first pause between two.
constexpr int kPatience = 8;

}  // namespace

std::chrono::microseconds Pace::until_read(std::chrono::microseconds now) const {
  const std::chrono::microseconds rested = read_at_ + pause_;
  const std::chrono::microseconds at = hurries_ ? now : woken_ ? rested : std::max(looked_at_ + gap_, rested);
  return std::max(std::chrono::microseconds(0), at - now);
}

void Pace::read(std::size_t records, std::optional<std::size_t> found, std::chrono::microseconds now) {
  woken_ = hurries_ = false;
  read_at_ = now;
  pause_ = std::min(limits_.longest_after_catch, limits_.each_caught * static_cast<std::int64_t>(records));
  if (!found) return;
  const bool was_time = is_time_to_look(now);
  looked_at_ = now;
  if (!was_time) return;
  if (*found > 0) found_at_ = now;
  gap_ = std::clamp((now - found_at_) / kPatience, limits_.shortest, limits_.longest);
}

}  // namespace ordersaga::relay
