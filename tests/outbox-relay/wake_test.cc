#include "outbox-relay/wake.h"

#include <gtest/gtest.h>

#include <thread>

namespace ordersaga::relay {
namespace {

using namespace std::chrono_literals;

TEST(Wake, WhatCameBeforeTheWaitEndsItAtOnceAndOnlyOnce) {
  Wake wake;
  wake.notify();
  wake.notify();
  EXPECT_TRUE(wake.wait({}, 1h));
  EXPECT_FALSE(wake.wait({}, 1us));
}

TEST(Wake, ADeliveryEndsTheWaitWithoutSayingThatTheLogGrew) {
  Wake wake;
  wake.nudge();
  EXPECT_FALSE(wake.wait({}, 1h));
  wake.nudge();
  wake.notify();
  EXPECT_TRUE(wake.wait({}, 1h));
}

TEST(Wake, AnotherThreadOrAStopEndsTheWait) {
  Wake wake;
  std::jthread other([&wake] { wake.notify(); });
  EXPECT_TRUE(wake.wait({}, 1h));
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  EXPECT_FALSE(wake.wait(stop.get_token(), 1h));
}

}  // namespace
}  // namespace ordersaga::relay
