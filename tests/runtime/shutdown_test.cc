#include "runtime/shutdown.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace ordersaga::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Shutdown, IsRequestedByTheFirstSignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Shutdown shutdown(seconds(60));
    EXPECT_FALSE(shutdown.token().stop_requested());
    ::kill(::getpid(), signal);
    EXPECT_TRUE(sleep_unless_stopped(shutdown.token(), seconds(30)));
  }
}

TEST(Shutdown, CanBeRequestedByTheProgram) {
  Shutdown shutdown(seconds(60));
  shutdown.request();
  EXPECT_TRUE(shutdown.token().stop_requested());
}

TEST(ShutdownDeathTest, EndsAtOnceOnTheSecondSignal) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        Shutdown shutdown(seconds(60));
        ::kill(::getpid(), SIGTERM);
        sleep_unless_stopped(shutdown.token(), seconds(30));
        for (int i = 0; i < 100; ++i) {  // those that come right after the first are the same wish
          ::kill(::getpid(), SIGINT);
          ::usleep(20'000);
        }
      },
      testing::ExitedWithCode(128 + SIGINT), "second signal");
}

TEST(ShutdownDeathTest, EndsAProcessThatDoesNotEndInTime) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        Shutdown shutdown(milliseconds(50));
        shutdown.request();
        ::sleep(30);
      },
      testing::ExitedWithCode(1), "did not end in time");
}

TEST(Sleep, LastsItsTimeWithoutAStop) {
  std::stop_source source;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(sleep_unless_stopped(source.get_token(), milliseconds(20)));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(20));
}

}  // namespace
}  // namespace ordersaga::runtime
