// A line that says how far the demo is: redrawn in place on a terminal, else a new one now and then.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>

#include "runtime/clock.h"
#include "tools/demo/conversation.h"

namespace ordersaga::demo {

// Writes to stderr. One thread; the clock outlives it.
class ProgressLine {
 public:
  ProgressLine(const runtime::Clock& clock, std::size_t orders, bool terminal) : clock_(clock), orders_(orders), terminal_(terminal) {}
  void show(const Progress& progress);
  // Ends the line that is being redrawn.
  void finish();

 private:
  const runtime::Clock& clock_;
  std::size_t orders_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::microseconds next_{0};
};

}  // namespace ordersaga::demo
