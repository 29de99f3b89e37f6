#include "aggregates/order/order.h"

#include "tests/aggregates/fixtures.h"
#include "tests/aggregates/transition_table.h"

namespace ordersaga::tests {
namespace {

namespace v1 = ordersaga::order::v1;

template <class... E>
Given<Order> given(const E&... events) {
  return Given<Order>({}, events...);
}

const v1::OrderPlaced kPlaced = order_placed();
const v1::OrderRejected kRejected = proto<v1::OrderRejected>("code: 'INVENTORY_UNAVAILABLE'");
const v1::OrderConfirmed kConfirmed;
const v1::FulfilmentStarted kStarted;
const v1::OrderReady kReady;
const v1::OrderShipped kShipped;
const v1::OrderDelivered kDelivered;
const v1::OrderCompleted kCompleted;
const v1::OrderCancelled kCancelled;

TEST(Order, takes_every_command_in_every_status_as_the_table_says) {
  const v1::PlaceOrder place = place_order();
  const v1::ValidateOrder validate;
  const v1::RejectOrder reject;
  const v1::ConfirmOrder confirm;
  const v1::StartFulfilment start;
  const v1::MarkOrderReady ready;
  const v1::MarkOrderShipped shipped;
  const v1::MarkOrderDelivered delivered;
  const v1::CompleteOrder complete;
  const v1::ConfirmCancel cancel;
  using S = aggregates::order::Status;
  check_table<Order>(
      {},
      {{"PlaceOrder", &place},
       {"ValidateOrder", &validate},
       {"RejectOrder", &reject},
       {"ConfirmOrder", &confirm},
       {"StartFulfilment", &start},
       {"MarkOrderReady", &ready},
       {"MarkOrderShipped", &shipped},
       {"MarkOrderDelivered", &delivered},
       {"CompleteOrder", &complete},
       {"ConfirmCancel", &cancel}},
      {
          {S::none, after<Order>(), "E N N N N N N N N N"},
          {S::pending, after<Order>(kPlaced), "X - E E X X X X X X"},
          {S::rejected, after<Order>(kPlaced, kRejected), "X X - X X X X X X X"},
          {S::confirmed, after<Order>(kPlaced, kConfirmed), "X X X - E X X X X E"},
          {S::processing, after<Order>(kPlaced, kConfirmed, kStarted), "X X X - - E X X X E"},
          {S::ready, after<Order>(kPlaced, kConfirmed, kStarted, kReady), "X X X - - - E X X E"},
          {S::shipped, after<Order>(kPlaced, kConfirmed, kStarted, kReady, kShipped), "X X X - - - - E X X"},
          {S::delivered, after<Order>(kPlaced, kConfirmed, kStarted, kReady, kShipped, kDelivered), "X X X - - - - - E X"},
          {S::completed, after<Order>(kPlaced, kConfirmed, kStarted, kReady, kShipped, kDelivered, kCompleted), "X X X - - - - - - X"},
          {S::cancelled, after<Order>(kPlaced, kConfirmed, kCancelled), "X X X X X X X X X -"},
      });
}

TEST(Order, goes_from_placed_to_completed) {
  given(kPlaced).when(v1::ConfirmOrder()).then(kConfirmed);
  given(kPlaced, kConfirmed).when(v1::StartFulfilment()).then(kStarted);
  given(kPlaced, kConfirmed, kStarted).when(v1::MarkOrderReady()).then(kReady);
  given(kPlaced, kConfirmed, kStarted, kReady).when(v1::MarkOrderShipped()).then(kShipped);
  given(kPlaced, kConfirmed, kStarted, kReady, kShipped).when(v1::MarkOrderDelivered()).then(kDelivered);
  given(kPlaced, kConfirmed, kStarted, kReady, kShipped, kDelivered).when(v1::CompleteOrder()).then(kCompleted);
}

TEST(Order, keeps_why_it_was_rejected_or_cancelled) {
  given(kPlaced)
      .when(proto<v1::RejectOrder>("code: 'PAYMENT_DECLINED' reason: 'insufficient_funds'"))
      .then(proto<v1::OrderRejected>("code: 'PAYMENT_DECLINED' reason: 'insufficient_funds'"));
  given(kPlaced, kConfirmed)
      .when(proto<v1::ConfirmCancel>("code: 'DEPENDENCY_TIMEOUT' reason: 'no carrier'"))
      .then(proto<v1::OrderCancelled>("code: 'DEPENDENCY_TIMEOUT' reason: 'no carrier'"));
}

TEST(Order, names_the_allowed_next_statuses_when_it_refuses_a_command) {
  aggregates::Rejection rejection = given(kPlaced, kConfirmed).when(v1::MarkOrderShipped()).then_rejected(error::kInvalidTransition);
  EXPECT_EQ(rejection.message, "MarkOrderShipped is not allowed in status CONFIRMED");
  EXPECT_EQ(rejection.details, (std::vector<aggregates::Detail>{
                                   {{"status", "CONFIRMED"}}, {{"allowed_next", "PROCESSING"}}, {{"allowed_next", "CANCELLED"}}}));
}

TEST(Order, with_an_id_in_use_is_refused_for_good) {
  aggregates::Rejection rejection = given(kPlaced).when(place_order()).then_rejected(error::kInvalidTransition);
  EXPECT_EQ(rejection.message, "the order id is in use");
  EXPECT_FALSE(is_retryable(rejection.code));
}

TEST(Order, to_a_country_that_no_carrier_goes_to_does_not_pass_validation) {
  v1::OrderPlaced placed = kPlaced;
  placed.mutable_shipping_address()->set_country_code("AQ");
  aggregates::Rejection rejection = given(placed).when(v1::ValidateOrder()).then_rejected(error::kInvalidArgument);
  ASSERT_EQ(rejection.details.size(), 1U);
  EXPECT_EQ(rejection.details.at(0).at(0).second, "shipping_address.country_code");
}

TEST(Order, keeps_what_was_placed) {
  auto order = given(kPlaced, kConfirmed);
  using aggregates::order::Line;
  EXPECT_EQ(order.state().order_number, "ORD-00000007");
  EXPECT_EQ(order.state().lines, (std::vector<Line>{{"S1", 2}, {"S2", 1}}));
  EXPECT_EQ(order.state().currency_code, "EUR");
  EXPECT_EQ(order.state().total_minor, 2999);
  EXPECT_EQ(order.state().payment_method, v1::PAYMENT_METHOD_CREDIT_CARD);
  EXPECT_EQ(order.state().payment_token, "tok_1");
  ordersaga::common::v1::Address address;
  order.state().shipping_address.unpack(address);
  EXPECT_TRUE(is_same(kPlaced.shipping_address(), address));
}

}  // namespace
}  // namespace ordersaga::tests
