#include "tools/sagactl/output.h"

#include <gtest/gtest.h>

#include "tests/tools/sagactl/test_console.h"

namespace ordersaga::sagactl::test {
namespace {

class Output : public testing::Test {
 protected:
  Output() {
    listing.noun = "orders";
    listing.fields = {{"id", "ORDER"},
                      {"state", "STATE", Kind::state},
                      {"count", "COUNT", Kind::number},
                      {"currency", "", Kind::text, Show::never},
                      {"total_minor", "TOTAL", Kind::amount},
                      {"at", "WHEN", Kind::time},
                      {"note", "NOTE", Kind::text, Show::wide}};
    listing.rows = {{{"id", "a"},
                     {"state", "COMPLETED"},
                     {"count", 7},
                     {"currency", "EUR"},
                     {"total_minor", 1234},
                     {"at", "2026-11-21T07:40:02.114Z"},
                     {"note", "plain"}},
                    {{"id", "größer"},
                     {"state", "PENDING"},
                     {"count", 1234},
                     {"currency", "JPY"},
                     {"total_minor", 5},
                     {"at", nullptr},
                     {"note", "with, \"quotes\""}}};
    style.now = *parse_iso("2026-11-21T07:40:44Z");
  }

  std::string printed(Format format) {
    style.format = format;
    std::istringstream in;
    std::ostringstream out;
    err.str("");
    Console console{.in = in, .out = out, .err = err, .environment = {}, .clock = nullptr};
    print(listing, style, console);
    return out.str();
  }

  Listing listing;
  Style style;
  std::ostringstream err;
};

TEST_F(Output, AsATableIsAligned) {
  EXPECT_EQ(printed(Format::table),
            "ORDER   STATE        COUNT      TOTAL  WHEN\n"
            "a       ✓ COMPLETED      7  12.34 EUR  41s ago\n"
            "größer  · PENDING     1234      5 JPY\n");
  EXPECT_EQ(err.str(), "2 orders\n");
}

TEST_F(Output, AsAWideTableHasAllFields) {
  EXPECT_NE(printed(Format::wide).find("NOTE"), std::string::npos);
}

TEST_F(Output, AsJsonIsOneObject) {
  Json json = Json::parse(printed(Format::json));
  EXPECT_EQ(json["items"].size(), 2U);
  EXPECT_EQ(json["items"][0]["total_minor"], 1234);
  EXPECT_EQ(err.str(), "");
}

TEST_F(Output, AsJsonLinesIsAnObjectALine) {
  std::string out = printed(Format::jsonl);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
  EXPECT_EQ(Json::parse(out.substr(0, out.find('\n')))["id"], "a");
}

TEST_F(Output, AsCsvQuotesWhatNeedsIt) {
  EXPECT_EQ(printed(Format::csv),
            "id,state,count,currency,total_minor,at,note\n"
            "a,COMPLETED,7,EUR,1234,2026-11-21T07:40:02.114Z,plain\n"
            "größer,PENDING,1234,JPY,5,,\"with, \"\"quotes\"\"\"\n");
}

TEST_F(Output, AsNoneIsNothing) {
  EXPECT_EQ(printed(Format::none), "");
}

TEST_F(Output, WithoutRowsHasNoHeader) {
  listing.rows.clear();
  EXPECT_EQ(printed(Format::table), "");
  EXPECT_EQ(printed(Format::json), "{\n  \"items\": []\n}\n");
}

TEST_F(Output, QuietIsDataOnly) {
  style.quiet = true;
  std::string out = printed(Format::table);
  EXPECT_EQ(out.substr(0, 1), "a");
  EXPECT_EQ(err.str(), "");
}

TEST_F(Output, InColourPaintsStates) {
  style.color = true;
  EXPECT_NE(printed(Format::table).find("\033[32m✓ COMPLETED"), std::string::npos);
}

TEST_F(Output, OfTextThatIsNoUtf8StaysJson) {
  listing.rows[0]["note"] = "\xff";
  EXPECT_NO_THROW(Json::parse(printed(Format::json)));
}

TEST(AmountText, HasTheDecimalsOfItsCurrency) {
  EXPECT_EQ(amount_text(5, "EUR"), "0.05 EUR");
  EXPECT_EQ(amount_text(-1234, "EUR"), "-12.34 EUR");
  EXPECT_EQ(amount_text(1234, "JPY"), "1234 JPY");
  EXPECT_EQ(amount_text(1234, "KWD"), "1.234 KWD");
  EXPECT_EQ(amount_text(std::numeric_limits<std::int64_t>::min(), "JPY"), "-9223372036854775808 JPY");
}

}  // namespace
}  // namespace ordersaga::sagactl::test
