// I4, I5, I6.
#include <gtest/gtest.h>

#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/events.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "tests/tools/verify/history.h"

namespace ordersaga::verify::test {
namespace {

using Ids = std::vector<std::string>;

// A good stock of goods, so that only money can be wrong.
History stocked() {
  History history;
  history.receive("SKU-1", "ams", 100);
  return history;
}

Ids judge(History& history) {
  history.publish_all();
  history.project_all();
  return broken(history.judge());
}

payment::v1::PaymentCaptured captured(std::int64_t amount, const char* currency = "EUR") {
  payment::v1::PaymentCaptured event;
  event.mutable_amount()->set_amount_minor(amount);
  event.mutable_amount()->set_currency_code(currency);
  return event;
}

TEST(Money, FindsAnOrderThatWasCompletedWithoutItsMoney) {
  History history = stocked();
  history.place("a");
  history.reserve("a");
  history.authorize("a");
  history.confirm("a");
  history.ship_and_complete("a");
  EXPECT_EQ(judge(history), Ids{"I4"});
}

TEST(Money, FindsAnOrderThatWasRejectedAndKeptItsMoney) {
  History history = stocked();
  history.rejected("a");
  history.append("payment-a.1", captured(400));
  history.gateway.push_back({"a.1", GatewayOperation::capture, "EUR", 400, "x"});
  EXPECT_EQ(judge(history), (Ids{"I4", "I5"}));
}

TEST(Money, FindsAnAuthorizationLeftOpenByARejectedOrder) {
  History history = stocked();
  history.place("a");
  history.authorize("a");
  history.reject("a");
  EXPECT_EQ(judge(history), Ids{"I4"});
}

TEST(Money, FindsACaptureAboveTheAuthorization) {
  History history = stocked();
  history.place("a");
  history.authorize("a");
  history.append("payment-a.1", captured(1'001));
  std::vector<std::string> found = judge(history);
  EXPECT_EQ(found, (Ids{"I4", "I5"}));
}

TEST(Money, FindsAnotherCurrencyThanTheOrders) {
  History history = stocked();
  history.place("a");
  history.authorize("a");
  history.append("payment-a.1", captured(1'000, "USD"));
  history.gateway.push_back({"a.1", GatewayOperation::capture, "USD", 1'000, "x"});
  Ids found = judge(history);
  EXPECT_EQ(found[0], "I4");
}

TEST(Money, AcceptsACancelledOrderWhoseCaptureWasRefunded) {
  History history = stocked();
  history.place("a");
  history.reserve("a");
  history.authorize("a");
  history.confirm("a");
  history.capture("a");
  payment::v1::PaymentRefunded refunded;
  refunded.mutable_amount()->set_amount_minor(1'000);
  refunded.mutable_amount()->set_currency_code("EUR");
  history.append("payment-a.1", refunded);
  history.append("order-a", order::v1::OrderCancelled());
  history.gateway.push_back({"a.1", GatewayOperation::refund, "EUR", 1'000, "x"});
  EXPECT_EQ(broken(check({.log = &history, .tables = &history}, {Group::money}).findings.kept()), Ids{});
}

TEST(Gateway, MayBeAheadOfUsWhileItsAnswerIsOnItsWay) {
  History history = stocked();
  history.place("a");
  history.authorize("a");
  // The authorization's event is not there yet; the saga waits for it.
  history.log_of("a").pop_back();
  auto head = Position(static_cast<std::int64_t>(history.log_of("a").size()));
  history.snapshots[history.index("a")].head = head;
  history.level_table.as_of[history.index("a")] = head;
  EXPECT_EQ(judge(history), Ids{});
}

TEST(Gateway, FindsACaptureOfOursThatTheGatewayDoesNotHave) {
  History history = stocked();
  history.completed("a");
  std::erase_if(history.gateway, [](const GatewayEntry& e) { return e.operation == GatewayOperation::capture; });
  EXPECT_EQ(judge(history), Ids{"I5"});
}

TEST(Gateway, FindsARefundThatWeNeverAskedFor) {
  History history = stocked();
  history.completed("a");
  history.gateway.push_back({"a.1", GatewayOperation::refund, "EUR", 1'000, "x"});
  EXPECT_EQ(judge(history), Ids{"I5"});
}

TEST(Gateway, FindsAPaymentThatIsNotOurs) {
  History history = stocked();
  history.gateway.push_back({"stranger.1", GatewayOperation::authorize, "EUR", 1'000, "x"});
  EXPECT_EQ(judge(history), Ids{"I5"});
}

TEST(Gateway, FindsAnAuthorizationStillOpenThereAfterOurSagasAreOver) {
  History history = stocked();
  history.rejected("a");
  std::erase_if(history.gateway, [](const GatewayEntry& e) { return e.operation == GatewayOperation::void_authorization; });
  EXPECT_EQ(judge(history), Ids{"I5"});
}

TEST(Gateway, AcceptsAVoidOfAnAuthorizationWhoseOutcomeStayedUnknown) {
  History history = stocked();
  history.place("a");
  history.reserve("a");
  history.authorize("a");
  history.log_of("a").pop_back();  // we never learned of it
  history.void_and_release("a");
  for (auto& r : history.log_of("a"))
    if (r.stream == "payment-a.1") r.version = Version(1);
  history.reject("a");
  EXPECT_EQ(judge(history), Ids{});
}

TEST(Captures, FindASecondCapture) {
  History history = stocked();
  history.completed("a");
  history.gateway.push_back({"a.1", GatewayOperation::capture, "EUR", 1'000, "again"});
  Ids found = judge(history);
  EXPECT_EQ(found, (Ids{"I5", "I6"}));
}

TEST(Captures, FindMoreThanWasAuthorized) {
  History history = stocked();
  history.completed("a");
  for (GatewayEntry& e : history.gateway)
    if (e.operation == GatewayOperation::authorize) e.amount_minor = 900;
  EXPECT_EQ(judge(history), (Ids{"I5", "I6"}));
}

}  // namespace
}  // namespace ordersaga::verify::test
