#include "outbox-relay/pace.h"

#include <gtest/gtest.h>

namespace ordersaga::relay {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

// Reads whenever it is time for `duration`; returns how often.
int reads_in(Pace& pace, microseconds& now, microseconds duration) {
  int reads = 0;
  for (const microseconds end = now + duration; now < end;) {
    now += std::max(pace.until_read(now), microseconds(1));
    pace.read(0, 0, now);
    ++reads;
  }
  return reads;
}

TEST(Pace, ALogAtRestIsAskedEverMoreSeldom) {
  Pace pace({});
  microseconds now = 1h;
  reads_in(pace, now, 1s);
  EXPECT_LE(reads_in(pace, now, 10s), 201);
}

TEST(Pace, WhatOthersAppendIsFoundWithinTwoMillisecondsWhileTheyGoOn) {
  Pace pace({});
  microseconds now = 1h;
  reads_in(pace, now, 10s);
  pace.read(0, 0, now);
  now += pace.until_read(now);
  pace.read(1, 1, now);
  for (int i = 0; i < 100; ++i) {
    // Once in ten milliseconds there is something.
    for (int j = 0; j < 4; ++j) {
      EXPECT_LE(pace.until_read(now), 2ms);
      now += 2ms;
      pace.read(0, 0, now);
    }
    now += 2ms;
    pace.read(1, 1, now);
  }
}

TEST(Pace, WhoIsWokenReadsAtOnceAndLooksNoMoreOftenForThat) {
  Pace pace({});
  microseconds now = 1h;
  reads_in(pace, now, 10s);
  const microseconds gap = pace.until_read(now);
  EXPECT_EQ(gap, 50ms);
  pace.wake();
  EXPECT_EQ(pace.until_read(now), 0us);
  pace.read(5, 5, now);
  now += 1ms;
  EXPECT_EQ(pace.until_read(now), 49ms);
}

TEST(Pace, WhoIsToldOfAllAgainAndAgainLooksNoLessOftenForThat) {
  Pace pace({});
  microseconds now = 1h;
  reads_in(pace, now, 10s);
  int looks = 0;
  for (const microseconds end = now + 10s; now < end; now += 500us) {
    pace.wake();
    if (pace.until_read(now) > 0us) continue;
    const bool look = pace.is_time_to_look(now);
    looks += look ? 1 : 0;
    pace.read(4, look ? std::optional<std::size_t>(0) : std::nullopt, now);
  }
  EXPECT_GE(looks, 199);
  EXPECT_LE(looks, 201);
}

TEST(Pace, WhatWasToldMakesNobodyLookMoreOften) {
  Pace pace({});
  microseconds now = 1h;
  reads_in(pace, now, 10s);
  now += pace.until_read(now);
  pace.read(5, 0, now);  // it looked, and found only what it was told of
  EXPECT_EQ(pace.until_read(now), 50ms);
  now += 50ms;
  pace.read(5, 1, now);
  EXPECT_EQ(pace.until_read(now), 2ms);
}

TEST(Pace, AfterALargeCatchItWaitsForTheNextOneToBeLargeEvenWhenWoken) {
  Pace pace({});
  microseconds now = 1h;
  pace.read(100, 100, now);
  pace.wake();
  EXPECT_EQ(pace.until_read(now), 10ms);
  now += 10ms;
  pace.read(100'000, 100'000, now);
  pace.wake();
  EXPECT_EQ(pace.until_read(now), 30ms);
}

TEST(Pace, WhereThereIsMoreForCertainNothingIsWaitedFor) {
  Pace pace({});
  const microseconds now = 1h;
  pace.read(8'000, 8'000, now);
  pace.hurry();
  EXPECT_EQ(pace.until_read(now), 0us);
  pace.read(8'000, 8'000, now);
  EXPECT_EQ(pace.until_read(now), 30ms);
}

}  // namespace
}  // namespace ordersaga::relay
