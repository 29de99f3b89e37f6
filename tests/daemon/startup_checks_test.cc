#include "daemon/startup_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace ordersaga::daemon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Zero final : runtime::Random {
  std::uint64_t next() override { return 0; }
};

TEST(StartupChecks, NameTheTopicsThatAreMissing) {
  const auto problem = topics_problem({{"ordersaga.commands.v1", 16}}, 16);
  ASSERT_TRUE(problem);
  EXPECT_THAT(*problem,
              AllOf(HasSubstr("ordersaga.events.v1"), HasSubstr("sagactl topic create"), Not(HasSubstr("ordersaga.commands.v1"))));
}

TEST(StartupChecks, NameTheTopicsOfAnotherNumberOfPartitions) {
  const auto problem = topics_problem({{"ordersaga.commands.v1", 16}, {"ordersaga.events.v1", 8}, {"ordersaga.commands.dlq.v1", 16}}, 16);
  ASSERT_TRUE(problem);
  EXPECT_THAT(*problem, AllOf(HasSubstr("16 shards"), HasSubstr("ordersaga.events.v1 has 8 partitions")));
}

TEST(StartupChecks, AcceptTopicsWithAPartitionForEachShard) {
  EXPECT_EQ(
      topics_problem({{"ordersaga.commands.v1", 16}, {"ordersaga.events.v1", 16}, {"ordersaga.commands.dlq.v1", 16}, {"other", 1}}, 16),
      std::nullopt);
}

TEST(StartupChecks, FailAtTheFirstProblemWhenNotToldToWait) {
  Zero random;
  int calls = 0;
  const auto check = [&calls]() -> std::optional<std::string> {
    ++calls;
    return "no database: make one";
  };
  EXPECT_THROW(pass(check, IfMissing::fail, random, {}), StartupError);
  EXPECT_EQ(calls, 1);
}

TEST(StartupChecks, AreTriedAgainWhenToldToWait) {
  Zero random;
  int calls = 0;
  const auto check = [&calls]() -> std::optional<std::string> { return ++calls < 3 ? std::optional("not yet") : std::nullopt; };
  EXPECT_TRUE(pass(check, IfMissing::wait, random, {}));
  EXPECT_EQ(calls, 3);
}

TEST(StartupChecks, EndTheirWaitingWhenTheStopIsRequested) {
  Zero random;
  std::stop_source stop;
  const auto check = [&stop]() -> std::optional<std::string> {
    stop.request_stop();
    return "never";
  };
  EXPECT_FALSE(pass(check, IfMissing::wait, random, stop.get_token()));
}

}  // namespace
}  // namespace ordersaga::daemon
