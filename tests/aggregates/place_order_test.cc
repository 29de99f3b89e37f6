// What PlaceOrder makes of its input, good and bad.
#include <algorithm>
#include <functional>

#include "aggregates/country.h"
#include "aggregates/currency.h"
#include "aggregates/payment/token.h"
#include "tests/aggregates/fixtures.h"

namespace ordersaga::tests {
namespace {

namespace v1 = ordersaga::order::v1;
using aggregates::Rejection;

When<Order> placing(const v1::PlaceOrder& command) {
  return Given<Order>({}).when(command);
}

// A right order with one thing changed.
v1::PlaceOrder but(const std::function<void(v1::PlaceOrder&)>& change) {
  v1::PlaceOrder command = place_order();
  change(command);
  return command;
}

std::vector<std::string> fields_of(const Rejection& rejection) {
  std::vector<std::string> fields;
  for (const aggregates::Detail& detail : rejection.details) fields.push_back(detail.at(0).second);
  return fields;
}

TEST(PlaceOrder, gives_the_order_its_number_its_totals_and_its_billing_address) {
  placing(place_order()).then(order_placed());
}

TEST(PlaceOrder, keeps_a_billing_address_of_its_own) {
  v1::PlaceOrder command = place_order();
  *command.mutable_billing_address() = command.shipping_address();
  command.mutable_billing_address()->set_name("Babbage Ltd");
  v1::OrderPlaced expected = order_placed();
  expected.mutable_billing_address()->set_name("Babbage Ltd");
  placing(command).then(expected);
}

TEST(PlaceOrder, names_the_field_that_is_wrong) {
  struct Case {
    std::string field;
    std::function<void(v1::PlaceOrder&)> change;
  };
  const std::string nul("a\0b", 3);
  const std::string long_text(257, 'x');
  const std::vector<Case> cases = {
      {"order_id", [](auto& c) { c.clear_order_id(); }},
      {"order_id", [](auto& c) { c.set_order_id("order 1"); }},
      {"order_id", [](auto& c) { c.set_order_id(std::string(65, 'a')); }},
      {"order_id", [&](auto& c) { c.set_order_id(nul); }},
      {"customer_id", [](auto& c) { c.clear_customer_id(); }},
      {"items", [](auto& c) { c.clear_items(); }},
      {"items",
       [](auto& c) {
         while (c.items_size() <= 500) *c.add_items() = c.items(0);
       }},
      {"items[1].sku", [](auto& c) { c.mutable_items(1)->clear_sku(); }},
      {"items[1].sku", [](auto& c) { c.mutable_items(1)->set_sku("S 1"); }},
      {"items[0].quantity", [](auto& c) { c.mutable_items(0)->set_quantity(0); }},
      {"items[0].quantity", [](auto& c) { c.mutable_items(0)->set_quantity(-1); }},
      {"items[0].quantity", [](auto& c) { c.mutable_items(0)->set_quantity(1'000'001); }},
      {"items[0].unit_price", [](auto& c) { c.mutable_items(0)->clear_unit_price(); }},
      {"items[0].unit_price.amount_minor", [](auto& c) { c.mutable_items(0)->mutable_unit_price()->set_amount_minor(-1); }},
      {"items[0].unit_price.amount_minor", [](auto& c) { c.mutable_items(0)->mutable_unit_price()->set_amount_minor(INT64_MAX); }},
      {"items[1].unit_price.currency_code", [](auto& c) { c.mutable_items(1)->mutable_unit_price()->set_currency_code("EUX"); }},
      {"items[1].unit_price.currency_code", [](auto& c) { c.mutable_items(1)->mutable_unit_price()->set_currency_code("eur"); }},
      {"items[0].product_id", [](auto& c) { c.mutable_items(0)->set_product_id("p/1"); }},
      {"items[0].variant_id", [](auto& c) { c.mutable_items(0)->set_variant_id("v 1"); }},
      {"items[0].name", [&](auto& c) { c.mutable_items(0)->set_name(nul); }},
      {"items[0].name", [&](auto& c) { c.mutable_items(0)->set_name(long_text); }},
      {"items", [](auto& c) { c.mutable_items(0)->mutable_unit_price()->set_amount_minor(1'000'000'000'000'000); }},
      {"shipping_address", [](auto& c) { c.clear_shipping_address(); }},
      {"shipping_address.name", [](auto& c) { c.mutable_shipping_address()->clear_name(); }},
      {"shipping_address.name", [&](auto& c) { c.mutable_shipping_address()->set_name(long_text); }},
      {"shipping_address.lines", [](auto& c) { c.mutable_shipping_address()->clear_lines(); }},
      {"shipping_address.lines[1]", [&](auto& c) { c.mutable_shipping_address()->add_lines(nul); }},
      {"shipping_address.postcode", [](auto& c) { c.mutable_shipping_address()->clear_postcode(); }},
      {"shipping_address.city", [](auto& c) { c.mutable_shipping_address()->clear_city(); }},
      {"shipping_address.country_code", [](auto& c) { c.mutable_shipping_address()->set_country_code("DEU"); }},
      {"shipping_address.country_code", [](auto& c) { c.mutable_shipping_address()->set_country_code("XX"); }},
      {"shipping_address.email", [&](auto& c) { c.mutable_shipping_address()->set_email(long_text); }},
      {"billing_address.city",
       [](auto& c) {
         *c.mutable_billing_address() = c.shipping_address();
         c.mutable_billing_address()->clear_city();
       }},
      {"payment", [](auto& c) { c.clear_payment(); }},
      {"payment.method", [](auto& c) { c.mutable_payment()->clear_method(); }},
      {"payment.method", [](auto& c) { c.mutable_payment()->set_method(static_cast<v1::PaymentMethod>(77)); }},
      {"payment.token", [](auto& c) { c.mutable_payment()->clear_token(); }},
      {"payment.token", [](auto& c) { c.mutable_payment()->set_token("4111111111111111"); }},
      {"shipping_method", [&](auto& c) { c.set_shipping_method(long_text); }},
      {"coupon_code", [](auto& c) { c.set_coupon_code("10 % off"); }},
      {"notes", [](auto& c) { c.set_notes(std::string(4'097, 'x')); }},
      {"notes", [](auto& c) { c.set_notes("\xc3\x28"); }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.field);
    Rejection rejection = placing(but(one.change)).then_rejected(error::kInvalidArgument);
    EXPECT_EQ(fields_of(rejection), std::vector<std::string>{one.field});
    EXPECT_TRUE(rejection.message.starts_with(one.field + " ")) << rejection.message;
  }
}

TEST(PlaceOrder, tells_of_everything_that_is_wrong_at_once) {
  Rejection rejection = placing(but([](auto& c) {
                          c.clear_customer_id();
                          c.mutable_items(0)->set_quantity(0);
                          c.mutable_payment()->clear_token();
                        })).then_rejected(error::kInvalidArgument);
  EXPECT_EQ(fields_of(rejection), (std::vector<std::string>{"customer_id", "items[0].quantity", "payment.token"}));
}

TEST(PlaceOrder, bounds_what_it_tells_of_a_message_that_is_all_wrong) {
  Rejection rejection = placing(but([](auto& c) {
                          c.mutable_items(0)->set_quantity(0);
                          while (c.items_size() < 500) *c.add_items() = c.items(0);
                        })).then_rejected(error::kInvalidArgument);
  EXPECT_EQ(rejection.details.size(), 20U);
  EXPECT_TRUE(rejection.message.ends_with("; and 479 more")) << rejection.message;
}

TEST(PlaceOrder, takes_the_limits_themselves) {
  v1::PlaceOrder command = place_order();
  command.clear_items();
  *command.add_items() = proto<v1::OrderItem>("sku: 'S1' quantity: 1000000 unit_price { currency_code: 'JPY' amount_minor: 1000000000 }");
  auto decision = placing(command);
  const auto& events = std::get<0>(decision.decision());
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<const v1::OrderPlaced*>(events[0])->totals().total_minor(), aggregates::order::kMaxTotalMinor);

  v1::PlaceOrder one_more = command;
  *one_more.add_items() = proto<v1::OrderItem>("sku: 'S2' quantity: 1 unit_price { currency_code: 'JPY' amount_minor: 1 }");
  EXPECT_EQ(fields_of(placing(one_more).then_rejected(error::kInvalidArgument)), std::vector<std::string>{"items"});
}

TEST(PlaceOrder, refuses_an_order_that_costs_nothing) {
  v1::PlaceOrder command = place_order();
  for (auto& item : *command.mutable_items()) item.mutable_unit_price()->set_amount_minor(0);
  EXPECT_EQ(fields_of(placing(command).then_rejected(error::kInvalidArgument)), std::vector<std::string>{"items"});
}

TEST(PlaceOrder, names_each_unknown_sku_once) {
  v1::PlaceOrder command = place_order();
  command.mutable_items(0)->set_sku("S9");
  *command.add_items() = command.items(0);
  *command.add_items() = command.items(0);
  command.mutable_items(3)->set_sku("S8");
  Rejection rejection = placing(command).then_rejected(error::kUnknownSku);
  EXPECT_EQ(rejection.details, (std::vector<aggregates::Detail>{{{"sku", "S8"}}, {{"sku", "S9"}}}));
  EXPECT_EQ(rejection.message, "no such SKU: S8, S9");
}

TEST(PlaceOrder, refuses_two_currencies_in_one_order) {
  Rejection rejection = placing(but([](auto& c) {
                          c.mutable_items(1)->mutable_unit_price()->set_currency_code("USD");
                        })).then_rejected(error::kCurrencyMismatch);
  EXPECT_EQ(rejection.details.at(1), (aggregates::Detail{{"field", "items[1].unit_price.currency_code"}, {"currency", "USD"}}));
}

TEST(PlaceOrder, never_repeats_a_card_number) {
  for (std::string number : {"4111111111111111", "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005"}) {
    Rejection rejection = placing(but([&](auto& c) { c.mutable_payment()->set_token(number); })).then_rejected(error::kInvalidArgument);
    std::string all = rejection.message;
    for (const auto& detail : rejection.details)
      for (const auto& [key, value] : detail) all += key + value;
    EXPECT_EQ(all.find("1111"), std::string::npos);
    EXPECT_EQ(all.find(number), std::string::npos);
  }
}

TEST(CardNumber, is_twelve_to_nineteen_digits_with_a_right_check_digit) {
  using aggregates::payment::looks_like_card_number;
  EXPECT_TRUE(looks_like_card_number("4111111111111111"));
  EXPECT_TRUE(looks_like_card_number("6304000000000000"));     // Maestro
  EXPECT_TRUE(looks_like_card_number("6212345678900000003"));  // 19 digits
  EXPECT_FALSE(looks_like_card_number("4111111111111112"));
  EXPECT_FALSE(looks_like_card_number("tok_4111111111111111"));
  EXPECT_FALSE(looks_like_card_number("00000000000"));           // 11 digits
  EXPECT_FALSE(looks_like_card_number("00000000000000000000"));  // 20 digits
  EXPECT_FALSE(looks_like_card_number(""));
}

TEST(Currency, knows_its_decimals) {
  using aggregates::currency_exponent;
  EXPECT_EQ(currency_exponent("EUR"), 2);
  EXPECT_EQ(currency_exponent("AED"), 2);
  EXPECT_EQ(currency_exponent("ZWG"), 2);
  EXPECT_EQ(currency_exponent("JPY"), 0);
  EXPECT_EQ(currency_exponent("KWD"), 3);
  for (const char* code : {"", "EU", "EURO", "eur", "XXX", "XAU", "DEM", "ZZZ", "AAA"})
    EXPECT_EQ(currency_exponent(code), std::nullopt) << code;
}

TEST(Country, is_one_of_iso_3166) {
  using aggregates::is_country;
  using aggregates::is_served;
  EXPECT_TRUE(is_country("DE") && is_country("AD") && is_country("ZW") && is_country("AQ"));
  EXPECT_FALSE(is_country("") || is_country("D") || is_country("de") || is_country("UK") || is_country("DEU") || is_country("A\xff"));
  EXPECT_TRUE(is_served("DE"));
  EXPECT_FALSE(is_served("AQ"));
}

}  // namespace
}  // namespace ordersaga::tests
