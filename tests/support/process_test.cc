#include "tests/support/process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <system_error>

namespace ordersaga::support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Process, IsWaitedForByWhatItSays) {
  Process shell("/bin/sh", {"-c", "echo first; echo \"second $WORD\" >&2; exec sleep 60"}, {{"WORD", "hello"}});
  EXPECT_EQ(shell.wait_for_line("second", seconds(10)), "second hello");
  EXPECT_EQ(shell.wait_for_line("first", seconds(10)), "first");
  EXPECT_EQ(shell.wait_for_line("third", milliseconds(10)), std::nullopt);
  EXPECT_EQ(shell.wait_for_end(milliseconds(0)), std::nullopt);
}

TEST(Process, IsNotWaitedForWhenItHasEnded) {
  Process shell("/bin/sh", {"-c", "echo out; exit 3"});
  EXPECT_EQ(shell.wait_for_line("never", seconds(60)), std::nullopt);
  EXPECT_EQ(shell.wait_for_end(seconds(10)), 3);
  EXPECT_EQ(shell.output(), "out\n");
}

TEST(Process, EndsByTheSignalsItGets) {
  Process first("/bin/sleep", {"60"});
  first.terminate();
  EXPECT_EQ(first.wait_for_end(seconds(10)), 128 + SIGTERM);
  Process second("/bin/sleep", {"60"});
  second.kill();
  EXPECT_EQ(second.wait_for_end(milliseconds(0)), 128 + SIGKILL);
}

TEST(Process, ThatDoesNotExistIsAnError) {
  EXPECT_THROW(Process("/does/not/exist", {}), std::system_error);
}

TEST(Port, IsFreeUntilSomebodyListens) {
  EXPECT_FALSE(wait_for_port(free_port(), milliseconds(0)));
}

}  // namespace
}  // namespace ordersaga::support
