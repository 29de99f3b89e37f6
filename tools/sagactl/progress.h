// How far a long job is, on stderr: a bar on a terminal, else a line every ten seconds, or JSON lines for programs.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tools/sagactl/console.h"
#include "tools/sagactl/options.h"

namespace ordersaga::sagactl {

class ProgressLine {
 public:
  // `console` and the clock in it must outlive it.
  ProgressLine(Console& console, const Options& options, std::string job);
  // Ends the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // `unit` names what `items` counts ("records").
  void show(std::int64_t done, std::int64_t of, std::int64_t items, const std::string& unit);

 private:
  Console& console_;
  ProgressStyle style_;
  std::string job_;
  std::chrono::microseconds began_;
  std::chrono::microseconds shown_;
  bool drawn_ = false;
};

}  // namespace ordersaga::sagactl
