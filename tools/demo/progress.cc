#include "tools/demo/progress.h"

#include <fmt/format.h>

namespace ordersaga::demo {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::microseconds kEveryOnTerminal = 100ms;
constexpr std::chrono::microseconds kEveryElsewhere = 5s;

}  // namespace

void ProgressLine::show(const Progress& progress) {
  const auto now = clock_.steady();
  const bool last = progress.ended == orders_ && progress.answered == orders_;
  if (now < next_ && !last) return;
  next_ = now + (terminal_ ? kEveryOnTerminal : kEveryElsewhere);
  fmt::print(stderr, "{}orders: {} placed, {} answered, {} ended of {}{}", terminal_ ? "\r" : "", progress.sent, progress.answered,
             progress.ended, orders_, terminal_ ? "  " : "\n");
  drawn_ = terminal_;
}

void ProgressLine::finish() {
  if (drawn_) fmt::print(stderr, "\n");
  drawn_ = false;
}

}  // namespace ordersaga::demo
