// Figures out of many.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace ordersaga::bench {

// The value that `part` (0 to 1) of the sorted values do not exceed; 0 of none.
inline double percentile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return percentile(values, 0.5);
}

// To three decimals, as figures are printed.
inline double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

}  // namespace ordersaga::bench
