// How long a simulator takes to answer: a distribution and a seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace ordersaga::simulators {

// The same specification and seed give the same delays in the same order. One thread.
class Latency {
 public:
  // "5" always 5 ms; "5..20" uniform; "exp:10" exponential with that mean, cut at twenty times it.
  // Throws std::invalid_argument that quotes what it does not understand.
  Latency(std::string_view specification, std::uint64_t seed);
  std::chrono::milliseconds next();

 private:
  enum class Shape { uniform, exponential };
  Shape shape_ = Shape::uniform;
  double low_ = 0;  // of a uniform one; the mean of an exponential one
  double high_ = 0;
  std::mt19937_64 random_;
};

}  // namespace ordersaga::simulators
