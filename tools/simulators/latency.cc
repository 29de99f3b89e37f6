#include "tools/simulators/latency.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace ordersaga::simulators {
namespace {

constexpr double kMaxMillis = 600'000;

double parse(std::string_view text, std::string_view whole) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0) || value > kMaxMillis)
    throw std::invalid_argument("\"" + std::string(whole) + "\" is no latency: give milliseconds (5), a range (5..20) or exp:10");
  return value;
}

}  // namespace

Latency::Latency(std::string_view specification, std::uint64_t seed) : random_(seed) {
  constexpr std::string_view exponential = "exp:";
  if (specification.substr(0, exponential.size()) == exponential) {
    shape_ = Shape::exponential;
    low_ = high_ = parse(specification.substr(exponential.size()), specification);
    return;
  }
  std::size_t dots = specification.find("..");
  low_ = parse(specification.substr(0, dots), specification);
  high_ = dots == std::string_view::npos ? low_ : parse(specification.substr(dots + 2), specification);
  if (high_ < low_) throw std::invalid_argument("\"" + std::string(specification) + "\" is no latency: the range is turned round");
}

std::chrono::milliseconds Latency::next() {
  if (high_ <= 0) return {};
  // 53 random bits as a fraction: the library's distributions may differ between implementations.
  double fraction = static_cast<double>(random_() >> 11) * 0x1.0p-53;
  double millis = shape_ == Shape::uniform ? low_ + fraction * (high_ - low_) : std::min(-low_ * std::log1p(-fraction), 20 * low_);
  return std::chrono::milliseconds(std::llround(millis));
}

}  // namespace ordersaga::simulators
