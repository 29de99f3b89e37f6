// When the relay asks the log for more. Pure.
//
// Woken, it asks at once. Unasked it looks again and again for what other processes append: every `shortest` while they do,
// and ever less often, down to every `longest`, when they do not. After a large catch it waits a little in any case, so that
// a busy log is read in batches that Kafka takes cheaply, and not record by record.
#pragma once

#include <chrono>
#include <cstddef>

namespace ordersaga::relay {

struct PaceLimits {
  std::chrono::microseconds shortest{2'000};
  std::chrono::microseconds longest{50'000};
  // For each record that a read brings, and no longer than `longest_after_catch`.
  std::chrono::microseconds each_caught{100};
  std::chrono::microseconds longest_after_catch{30'000};
};

class Pace {
 public:
  explicit Pace(PaceLimits limits) : limits_(limits), gap_(limits.shortest) {}

  // The log grew.
  void wake() { woken_ = true; }
  // There is more for certain: no pause.
  void hurry() { hurries_ = true; }
  std::chrono::microseconds until_read(std::chrono::microseconds now) const;
  void read(std::size_t records, std::chrono::microseconds now);

 private:
  PaceLimits limits_;
  std::chrono::microseconds gap_;  // between reads that nobody asked for
  std::chrono::microseconds read_at_{0};
  std::chrono::microseconds found_at_{0};  // when one of those last brought something
  std::chrono::microseconds pause_{0};     // after the last catch
  bool woken_ = false;
  bool hurries_ = true;
};

}  // namespace ordersaga::relay
