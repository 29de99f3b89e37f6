// When the relay asks the log for more. Pure.
//
// Woken, it asks at once. Besides it looks again and again for what other processes append: every `shortest` while they do,
// and ever less often, down to every `longest`, when they do not. After a large catch it waits a little in any case, so that
// a busy log is read in batches that Kafka takes cheaply, and not record by record.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

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
  // Whether a read now is to look for what nobody tells of.
  bool is_time_to_look(std::chrono::microseconds now) const { return now >= looked_at_ + gap_; }
  // So many records came. `found`: it looked for what nobody tells of, and so many of them were that.
  void read(std::size_t records, std::optional<std::size_t> found, std::chrono::microseconds now);

 private:
  PaceLimits limits_;
  std::chrono::microseconds gap_;  // between looks
  std::chrono::microseconds read_at_{0};
  std::chrono::microseconds looked_at_{0};
  std::chrono::microseconds found_at_{0};  // when a look last brought something
  std::chrono::microseconds pause_{0};     // after the last catch
  bool woken_ = false;
  bool hurries_ = true;
};

}  // namespace ordersaga::relay
