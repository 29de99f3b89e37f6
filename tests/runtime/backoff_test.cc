#include "runtime/backoff.h"

#include <gtest/gtest.h>

namespace ordersaga::runtime {
namespace {

using std::chrono::milliseconds;

struct Fixed final : Random {
  std::uint64_t next() override { return value; }
  std::uint64_t value = 0;
};

struct Sequence final : Random {
  std::uint64_t next() override { return value++; }
  std::uint64_t value = 0;
};

TEST(Backoff, NeverWaitsLessThanItsFloorNorMoreThanItsCap) {
  Sequence random;
  Backoff backoff(random, milliseconds(10), milliseconds(20), milliseconds(500));
  for (int i = 0; i < 2000; ++i) {
    const auto delay = backoff.next();
    EXPECT_GE(delay, milliseconds(10));
    EXPECT_LE(delay, milliseconds(500));
  }
}

TEST(Backoff, DoublesItsCeilingUpToTheCapAndStartsAnewAfterReset) {
  const auto widest = [](Backoff& backoff, Fixed& random, milliseconds ceiling) {
    random.value = static_cast<std::uint64_t>((ceiling - milliseconds(1)).count());
    return backoff.next() == ceiling;
  };
  Fixed random;
  Backoff backoff(random, milliseconds(1), milliseconds(100), milliseconds(350));
  EXPECT_TRUE(widest(backoff, random, milliseconds(100)));
  EXPECT_TRUE(widest(backoff, random, milliseconds(200)));
  EXPECT_TRUE(widest(backoff, random, milliseconds(350)));
  EXPECT_TRUE(widest(backoff, random, milliseconds(350)));
  backoff.reset();
  EXPECT_TRUE(widest(backoff, random, milliseconds(100)));
}

}  // namespace
}  // namespace ordersaga::runtime
