// What a check found: values, so that a person, a script and a test read the same thing.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace ordersaga::verify {

struct Finding {
  std::string invariant;  // "I4"
  std::string subject;    // what breaks it: an order, a stream, a place in the log, a row
  std::string expected;
  std::string found;
  auto operator<=>(const Finding&) const = default;
};

// Collects findings. Keeps the first kKept of each invariant and counts the rest: a log that is broken throughout must
// not fill the memory of who looks at it.
class Findings {
 public:
  static constexpr std::size_t kKept = 1'000;

  void add(Finding finding);
  const std::vector<Finding>& kept() const { return kept_; }
  // By invariant, those not kept included.
  const std::map<std::string, std::size_t>& counts() const { return counts_; }
  std::size_t total() const { return total_; }
  bool empty() const { return total_ == 0; }

 private:
  std::vector<Finding> kept_;
  std::map<std::string, std::size_t> counts_;
  std::size_t total_ = 0;
};

}  // namespace ordersaga::verify
