// A queue whose elements are found by their number, in memory that is used again and again.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace ordersaga::relay {

// Elements are numbered by push(), from the first one on for ever; those that were popped are gone.
template <class T>
class Ring {
 public:
  bool empty() const { return first_ == end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - first_); }
  // Number that the next push() gives.
  std::uint64_t next() const { return end_; }
  // Null: it is gone, or was never there.
  T* find(std::uint64_t number) { return number < first_ || number >= end_ ? nullptr : &at(number); }
  T& front() { return at(first_); }
  const T& front() const { return slots_[first_ & (slots_.size() - 1)]; }

  std::uint64_t push(T element) {
    if (size() == slots_.size()) grow();
    at(end_) = std::move(element);
    return end_++;
  }
  void pop() { ++first_; }
  // The numbers go on.
  void clear() { first_ = end_; }

 private:
  T& at(std::uint64_t number) { return slots_[number & (slots_.size() - 1)]; }  // their number is a power of two
  void grow() {
    std::vector<T> larger(slots_.empty() ? 64 : slots_.size() * 2);
    for (std::uint64_t n = first_; n != end_; ++n) larger[n & (larger.size() - 1)] = std::move(at(n));
    slots_ = std::move(larger);
  }

  std::vector<T> slots_;
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace ordersaga::relay
