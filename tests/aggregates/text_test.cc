#include "aggregates/text.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace ordersaga::aggregates {
namespace {

using namespace std::string_view_literals;

TEST(Text, is_utf_8_without_nul) {
  for (std::string_view good : {""sv, "plain"sv, "Grüße"sv, "日本"sv, "\xf0\x9f\x93\xa6"sv, "\xf4\x8f\xbf\xbf"sv, "a\tb\n"sv})
    EXPECT_TRUE(is_text(good)) << good;
  for (std::string_view bad : {"a\0b"sv, "\xff"sv, "\x80"sv, "\xc3"sv, "\xc3\x28"sv, "\xc0\x80"sv, "\xe0\x80\x80"sv, "\xed\xa0\x80"sv,
                               "\xf0\x80\x80\x80"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xe2\x82"sv})
    EXPECT_FALSE(is_text(bad)) << testing::PrintToString(bad);
}

TEST(Text, is_cut_between_characters) {
  EXPECT_EQ(made_text("abcdef", 3), "abc");
  EXPECT_EQ(made_text("aéé", 4), "aé");
  EXPECT_EQ(made_text("a\0b\xff"sv, 10), "a?b?");
  EXPECT_EQ(made_text("", 0), "");
}

// Our idea of UTF-8 must be Protobuf's, or an event could not be read again.
RC_GTEST_PROP(Text, is_what_protobuf_reads_back_whatever_the_bytes, (std::string bytes)) {
  google::protobuf::LogSilencer silent;
  google::protobuf::BytesValue written;  // same wire format, but takes any bytes
  written.set_value(bytes);
  google::protobuf::StringValue read;
  bool readable = read.ParseFromString(written.SerializeAsString());
  RC_ASSERT(is_text(bytes) == (readable && bytes.find('\0') == std::string::npos));
  RC_ASSERT(is_text(made_text(bytes, 20)));
  RC_ASSERT(made_text(bytes, 20).size() <= 20U);
}

}  // namespace
}  // namespace ordersaga::aggregates
