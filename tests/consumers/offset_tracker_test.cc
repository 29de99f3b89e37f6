#include "consumers/offset_tracker.h"

#include <gtest/gtest.h>

namespace ordersaga::consumers {
namespace {

TEST(OffsetTracker, CommitsWhatIsDoneWithoutHolesOnly) {
  OffsetTracker t;
  for (std::int64_t o : {5, 6, 7, 9}) t.begin(o);
  EXPECT_EQ(t.done(6), std::nullopt);
  EXPECT_EQ(t.done(9), std::nullopt);
  EXPECT_EQ(t.done(5), 7);
  EXPECT_EQ(t.done(7), 10);
  EXPECT_EQ(t.open(), 0U);
}

TEST(OffsetTracker, IgnoresWhatItDoesNotKnowAndWhatIsDoneTwice) {
  OffsetTracker t;
  t.begin(5);
  t.begin(6);
  EXPECT_EQ(t.done(3), std::nullopt);
  EXPECT_EQ(t.done(60), std::nullopt);
  EXPECT_EQ(t.done(5), 6);
  EXPECT_EQ(t.done(5), std::nullopt);
  EXPECT_EQ(t.open(), 1U);
}

}  // namespace
}  // namespace ordersaga::consumers
