#include "daemon/readiness.h"

#include <gtest/gtest.h>

namespace ordersaga::daemon {
namespace {

TEST(Readiness, ComesWithTheStartAndGoesWithAnyProblem) {
  Readiness readiness;
  std::optional<std::string> lag;
  readiness.add("relay", [&] { return lag; });
  ASSERT_EQ(readiness.problems().size(), 1U);
  EXPECT_EQ(readiness.problems()[0].text, "starting");
  readiness.started();
  EXPECT_TRUE(readiness.problems().empty());
  lag = "a thousand records behind";
  ASSERT_EQ(readiness.problems().size(), 1U);
  EXPECT_EQ(readiness.problems()[0].part, "relay");
  lag.reset();
  readiness.stopping();
  ASSERT_EQ(readiness.problems().size(), 1U);
  EXPECT_EQ(readiness.problems()[0].text, "stopping");
}

}  // namespace
}  // namespace ordersaga::daemon
