#include "tools/sagactl/time_format.h"

#include <gtest/gtest.h>

namespace ordersaga::sagactl {
namespace {

using namespace std::chrono_literals;

TEST(Time, IsWrittenAndReadAlike) {
  for (const char* text : {"2026-11-21T07:40:02.114Z", "2024-02-29T23:59:59.999999Z", "1970-01-01T00:00:00.000Z"})
    EXPECT_EQ(iso(*parse_iso(text)), text);
  EXPECT_EQ(iso(*parse_iso("2026-11-21T07:40:02Z")), "2026-11-21T07:40:02.000Z");
}

TEST(Time, OfAnotherFormIsNotRead) {
  for (const char* text : {"", "now", "2026-11-21", "2026-13-21T07:40:02Z", "2026-11-21T07:40:02", "2026-11-21T07:40:02+01:00"})
    EXPECT_FALSE(parse_iso(text)) << text;
}

TEST(Duration, IsShort) {
  EXPECT_EQ(short_duration(0us), "0ms");
  EXPECT_EQ(short_duration(999us), "999µs");
  EXPECT_EQ(short_duration(41ms), "41ms");
  EXPECT_EQ(short_duration(4'250ms), "4.2s");
  EXPECT_EQ(short_duration(42s), "42s");
  EXPECT_EQ(short_duration(3min + 5s), "3m05s");
  EXPECT_EQ(short_duration(2h + 13min), "2h13m");
  EXPECT_EQ(short_duration(125h), "5d5h");
}

TEST(Time, IsShownAsAsked) {
  Timestamp now = *parse_iso("2026-11-21T07:40:44Z");
  EXPECT_EQ(format_time(now - 42s, now, TimeFormat::relative), "42s ago");
  EXPECT_EQ(format_time(now + 4s, now, TimeFormat::relative), "in 4.0s");
  EXPECT_EQ(format_time(now, now, TimeFormat::iso), "2026-11-21T07:40:44.000Z");
  EXPECT_EQ(format_time(Timestamp(7us), now, TimeFormat::raw), "7");
}

}  // namespace
}  // namespace ordersaga::sagactl
