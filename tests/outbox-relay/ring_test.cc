#include "outbox-relay/ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace ordersaga::relay {
namespace {

TEST(Ring, ElementsKeepTheirNumbersWhileItGrowsAndTurns) {
  Ring<std::uint64_t> ring;
  std::deque<std::uint64_t> expected;
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 5 < 3) {
      const std::uint64_t number = ring.next();
      EXPECT_EQ(ring.push(number), number);
      expected.push_back(number);
    } else if (!expected.empty()) {
      EXPECT_EQ(ring.front(), expected.front());
      ring.pop();
      expected.pop_front();
    }
    ASSERT_EQ(ring.size(), expected.size());
    if (expected.empty()) continue;
    const std::uint64_t any = expected.front() + random() % expected.size();
    ASSERT_EQ(*ring.find(any), any);
    EXPECT_EQ(ring.find(expected.front() - 1), nullptr);
    EXPECT_EQ(ring.find(expected.back() + 1), nullptr);
  }
}

TEST(Ring, AfterItWasClearedOldNumbersMeanNothing) {
  Ring<int> ring;
  const std::uint64_t old = ring.push(1);
  ring.clear();
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.find(old), nullptr);
  EXPECT_EQ(ring.push(2), old + 1);
}

}  // namespace
}  // namespace ordersaga::relay
