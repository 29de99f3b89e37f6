#include "tools/sagactl/order_place.h"

#include <gtest/gtest.h>

#include "tests/tools/sagactl/test_console.h"

namespace ordersaga::sagactl::test {
namespace {

std::string failure(const std::string& item) {
  try {
    parse_item(item, "EUR");
  } catch (const Failure& f) {
    EXPECT_EQ(f.code, ExitCode::usage);
    return f.what();
  }
  return "";
}

TEST(Amount, IsReadInTheDecimalsOfItsCurrency) {
  EXPECT_EQ(parse_amount("12.34", "EUR"), 1'234);
  EXPECT_EQ(parse_amount("12.3", "EUR"), 1'230);
  EXPECT_EQ(parse_amount("12", "EUR"), 1'200);
  EXPECT_EQ(parse_amount("0", "EUR"), 0);
  EXPECT_EQ(parse_amount("1200", "JPY"), 1'200);
}

TEST(Amount, OfAnotherFormIsRefused) {
  for (const char* text : {"", ".", "-1", "1.234", "1,2", "1.2.3", "x", "99999999999999999999", "9223372036854775807"})
    EXPECT_THROW(parse_amount(text, "EUR"), Failure) << text;
  EXPECT_THROW(parse_amount("1.5", "JPY"), Failure);
  EXPECT_THROW(parse_amount("1", "XXX"), Failure);
}

TEST(Item, IsSkuQuantityAndPrice) {
  ItemText item = parse_item("SKU:RED:2:12.34", "EUR");
  EXPECT_EQ(item.sku, "SKU:RED");
  EXPECT_EQ(item.quantity, 2);
  EXPECT_EQ(item.price_minor, 1'234);
}

TEST(Item, OfAnotherFormIsRefused) {
  for (const char* text : {"SKU", "SKU:2", ":2:1", "SKU:0:1", "SKU:-1:1", "SKU:x:1", "SKU:99999999999:1", "::"})
    EXPECT_NE(failure(text), "") << text;
}

TEST(Place, WantsItemsOrAFile) {
  EXPECT_EQ(sagactl({"order", "place"}).code, 2);
  EXPECT_EQ(sagactl({"order", "place", "-f", "-", "--item", "SKU:1:1"}, {}, "{}").code, 2);
  EXPECT_EQ(sagactl({"order", "place", "-f", "/no/such/file"}).code, 2);
}

TEST(Place, RefusesAFileThatIsNoPlaceOrder) {
  Outcome outcome = sagactl({"order", "place", "-f", "-"}, {}, R"({"orderId": 7, "no_such_field": true})");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("no PlaceOrder in JSON"), std::string::npos) << outcome.err;
}

TEST(Place, RefusesAnIdThatNoOrderMayHave) {
  EXPECT_EQ(sagactl({"order", "place", "--item", "SKU:1:1", "--id", "with space"}).code, 2);
}

}  // namespace
}  // namespace ordersaga::sagactl::test
