#include "tools/sagactl/exit_code.h"

#include <gtest/gtest.h>

namespace ordersaga::sagactl {
namespace {

TEST(ExitCode, FollowsTheKindOfAnErrorCode) {
  EXPECT_EQ(exit_code_of("INVALID_ARGUMENT"), ExitCode::usage);
  EXPECT_EQ(exit_code_of("ORDER_NOT_FOUND"), ExitCode::not_found);
  EXPECT_EQ(exit_code_of("PAYMENT_DECLINED"), ExitCode::refused);
  EXPECT_EQ(exit_code_of("INVALID_TRANSITION"), ExitCode::refused);
  EXPECT_EQ(exit_code_of("STORE_UNAVAILABLE"), ExitCode::unreachable);
  EXPECT_EQ(exit_code_of("INTERNAL"), ExitCode::failed);
  EXPECT_EQ(exit_code_of(""), ExitCode::failed);
}

}  // namespace
}  // namespace ordersaga::sagactl
