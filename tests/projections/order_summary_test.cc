#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "ordersaga/inventory/v1/events.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/events.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"
#include "projections/order_summary/rows.h"
#include "tests/projections/folded.h"
#include "tests/support/proto_text.h"

namespace ordersaga::projections::testing {
namespace {

using namespace order_summary;
using tests::proto;
namespace order = ordersaga::order::v1;
namespace inventory = ordersaga::inventory::v1;
namespace payment = ordersaga::payment::v1;
namespace shipment = ordersaga::shipment::v1;

using Event = std::shared_ptr<google::protobuf::Message>;

template <class M>
Event event(const std::string& text = {}) {
  return std::make_shared<M>(proto<M>(text));
}

// One event, and the order's three axes after it.
struct Then {
  std::string stream;
  Event event;
  std::string status;
  std::string payment;
  std::string fulfilment;
};

Event placed() {
  return event<order::OrderPlaced>(placed_text("o1"));
}
const std::string kAll = "amount { currency_code: 'EUR' amount_minor: 2550 }";
const std::string kPart = "amount { currency_code: 'EUR' amount_minor: 1000 }";
const std::string kRest = "amount { currency_code: 'EUR' amount_minor: 1550 }";

struct Life {
  std::string name;
  std::vector<Then> events;
};

class OrderLife : public ::testing::TestWithParam<Life> {};

TEST_P(OrderLife, shows_each_axis_after_each_event) {
  History history;
  Folded folded(history);
  int step = 0;
  for (const Then& then : GetParam().events) {
    auto recorded = history.record(then.stream, *then.event);
    EXPECT_EQ(folded.catch_up(), 0u);
    auto row = folded.row<Order>(std::string("o1"));
    ASSERT_TRUE(row);
    SCOPED_TRACE("event " + std::to_string(step++) + " " + then.event->GetTypeName());
    EXPECT_EQ(row->status, then.status);
    EXPECT_EQ(row->payment_status, then.payment);
    EXPECT_EQ(row->fulfilment_status, then.fulfilment);
    EXPECT_EQ(row->updated_at, recorded.recorded_at);
    EXPECT_EQ(row->position, recorded.position);
  }
}

TEST_P(OrderLife, is_the_same_in_one_batch_as_in_many) {
  History history;
  for (const Then& then : GetParam().events) history.record(then.stream, *then.event);
  Folded at_once(history), one_by_one(history);
  at_once.catch_up(1'000);
  one_by_one.catch_up(1);
  EXPECT_EQ(at_once.tables().rows, one_by_one.tables().rows);
}

std::vector<Life> lives() {
  return {
      {"completed",
       {{"order-o1", placed(), "PENDING", "NONE", "NONE"},
        {"reservation-o1", event<inventory::StockReserved>("allocations { sku: 'SKU-1' location: 'ams' quantity: 2 }"), "PENDING", "NONE",
         "NONE"},
        {"payment-o1.1", event<payment::PaymentRequested>("payment_id: 'o1.1' " + kAll), "PENDING", "PENDING", "NONE"},
        {"payment-o1.1", event<payment::PaymentOutcomeUnknown>("operation: PAYMENT_OPERATION_AUTHORIZE code: 'TIMEOUT'"), "PENDING",
         "PENDING", "NONE"},
        {"payment-o1.1", event<payment::PaymentAuthorized>(kAll), "PENDING", "AUTHORIZED", "NONE"},
        {"order-o1", event<order::OrderConfirmed>(), "CONFIRMED", "AUTHORIZED", "NONE"},
        {"shipment-o1.1", event<shipment::ShipmentCreated>("shipment_id: 'o1.1'"), "CONFIRMED", "AUTHORIZED", "ALLOCATED"},
        {"order-o1", event<order::FulfilmentStarted>(), "PROCESSING", "AUTHORIZED", "ALLOCATED"},
        {"shipment-o1.1", event<shipment::ShipmentPacked>(), "PROCESSING", "AUTHORIZED", "PACKED"},
        {"payment-o1.1", event<payment::PaymentCaptureFailed>("code: 'DECLINED'"), "PROCESSING", "AUTHORIZED", "PACKED"},
        {"payment-o1.1", event<payment::PaymentCaptured>(kAll), "PROCESSING", "CAPTURED", "PACKED"},
        {"order-o1", event<order::OrderReady>(), "READY", "CAPTURED", "PACKED"},
        {"shipment-o1.1", event<shipment::ShipmentDispatched>(), "READY", "CAPTURED", "SHIPPED"},
        {"order-o1", event<order::OrderShipped>(), "SHIPPED", "CAPTURED", "SHIPPED"},
        {"shipment-o1.1", event<shipment::ShipmentTrackingUpdated>("status: TRACKING_STATUS_IN_TRANSIT"), "SHIPPED", "CAPTURED", "SHIPPED"},
        {"shipment-o1.1", event<shipment::ShipmentDelivered>(), "SHIPPED", "CAPTURED", "DELIVERED"},
        {"order-o1", event<order::OrderDelivered>(), "DELIVERED", "CAPTURED", "DELIVERED"},
        {"order-o1", event<order::OrderCompleted>(), "COMPLETED", "CAPTURED", "DELIVERED"}}},
      {"declined_then_rejected",
       {{"order-o1", placed(), "PENDING", "NONE", "NONE"},
        {"payment-o1.1", event<payment::PaymentRequested>(kAll), "PENDING", "PENDING", "NONE"},
        {"payment-o1.1", event<payment::PaymentDeclined>("code: 'insufficient_funds'"), "PENDING", "FAILED", "NONE"},
        {"payment-o1.1", event<payment::AuthorizationVoided>(), "PENDING", "FAILED", "NONE"},
        {"order-o1", event<order::OrderRejected>("code: 'PAYMENT_DECLINED' reason: 'insufficient funds'"), "REJECTED", "FAILED", "NONE"}}},
      {"voided_then_rejected",
       {{"order-o1", placed(), "PENDING", "NONE", "NONE"},
        {"payment-o1.1", event<payment::PaymentRequested>(kAll), "PENDING", "PENDING", "NONE"},
        {"payment-o1.1", event<payment::PaymentAuthorized>(kAll), "PENDING", "AUTHORIZED", "NONE"},
        {"payment-o1.1", event<payment::AuthorizationVoided>(), "PENDING", "VOIDED", "NONE"},
        {"order-o1", event<order::OrderRejected>("code: 'RESERVATION_EXPIRED'"), "REJECTED", "VOIDED", "NONE"}}},
      {"cancelled_after_capture",
       {{"order-o1", placed(), "PENDING", "NONE", "NONE"},
        {"payment-o1.1", event<payment::PaymentRequested>(kAll), "PENDING", "PENDING", "NONE"},
        {"payment-o1.1", event<payment::PaymentAuthorized>(kAll), "PENDING", "AUTHORIZED", "NONE"},
        {"shipment-o1.1", event<shipment::ShipmentCreated>("shipment_id: 'o1.1'"), "PENDING", "AUTHORIZED", "ALLOCATED"},
        {"payment-o1.1", event<payment::PaymentCaptured>(kAll), "PENDING", "CAPTURED", "ALLOCATED"},
        {"payment-o1.1", event<payment::RefundFailed>("code: 'later'"), "PENDING", "CAPTURED", "ALLOCATED"},
        {"payment-o1.1", event<payment::PaymentRefunded>(kPart), "PENDING", "PARTIALLY_REFUNDED", "ALLOCATED"},
        {"payment-o1.1", event<payment::PaymentRefunded>(kRest), "PENDING", "REFUNDED", "ALLOCATED"},
        {"shipment-o1.1", event<shipment::ShipmentCancelled>(), "PENDING", "REFUNDED", "NONE"},
        {"order-o1", event<order::OrderCancelled>("code: 'CARRIER' reason: 'gave up'"), "CANCELLED", "REFUNDED", "NONE"}}},
      {"two_parcels",
       {{"order-o1", placed(), "PENDING", "NONE", "NONE"},
        {"payment-o1.1", event<payment::PaymentRequested>(kAll), "PENDING", "PENDING", "NONE"},
        {"payment-o1.1", event<payment::PaymentAuthorized>(kAll), "PENDING", "AUTHORIZED", "NONE"},
        {"shipment-o1.1", event<shipment::ShipmentCreated>("shipment_id: 'o1.1'"), "PENDING", "AUTHORIZED", "ALLOCATED"},
        {"shipment-o1.2", event<shipment::ShipmentCreated>("shipment_id: 'o1.2'"), "PENDING", "AUTHORIZED", "ALLOCATED"},
        {"shipment-o1.1", event<shipment::ShipmentPacked>(), "PENDING", "AUTHORIZED", "PICKING"},
        {"payment-o1.1", event<payment::PaymentCaptured>(kPart), "PENDING", "PARTIALLY_CAPTURED", "PICKING"},
        {"shipment-o1.1", event<shipment::ShipmentDispatched>(), "PENDING", "PARTIALLY_CAPTURED", "PARTIALLY_SHIPPED"},
        {"shipment-o1.2", event<shipment::ShipmentPacked>(), "PENDING", "PARTIALLY_CAPTURED", "PARTIALLY_SHIPPED"},
        {"shipment-o1.2", event<shipment::ShipmentDispatched>(), "PENDING", "PARTIALLY_CAPTURED", "SHIPPED"},
        {"shipment-o1.1", event<shipment::ShipmentDelivered>(), "PENDING", "PARTIALLY_CAPTURED", "PARTIALLY_DELIVERED"},
        {"shipment-o1.2", event<shipment::ShipmentLost>(), "PENDING", "PARTIALLY_CAPTURED", "LOST"}}},
  };
}

INSTANTIATE_TEST_SUITE_P(Lives, OrderLife, ::testing::ValuesIn(lives()), [](const auto& info) { return info.param.name; });

TEST(OrderSummary, an_order_placed_shows_what_was_bought_by_whom_and_where_it_goes) {
  History history;
  auto recorded = history.record("order-o1", *placed(), "shop");
  Folded folded(history);
  folded.catch_up();

  auto row = folded.row<Order>(std::string("o1"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->order_number, "ORD-00000017");
  EXPECT_EQ(row->customer_id, "c-1");
  EXPECT_EQ(row->currency, "EUR");
  EXPECT_EQ(row->subtotal_minor, 2550);
  EXPECT_EQ(row->total_minor, 2550);
  EXPECT_EQ(row->payment_method, "CREDIT_CARD");
  EXPECT_EQ(row->shipping_method, "STANDARD");
  EXPECT_EQ(row->coupon_code, "SPRING");
  EXPECT_EQ(row->notes, "ring twice");
  EXPECT_EQ(row->created_at, recorded.recorded_at);
  EXPECT_FALSE(row->completed_at);
  EXPECT_EQ(row->shard, recorded.shard);

  EXPECT_EQ(to_cell(row->items), R"([["SKU-1","p1","v1","Lamp",2,1000],["SKU-2","","","Bulb \"B\"",1,550]])");
  EXPECT_EQ(to_cell(row->addresses), R"([["SHIPPING","A. Person","Street 1\u000aFloor 2","1010","Wien","AT","","a@b.example"],)"
                                     R"(["BILLING","B. Person","Lane 9","20095","Hamburg","DE","",""]])");
}

TEST(OrderSummary, the_history_tells_each_status_who_asked_and_why) {
  History history;
  auto first = history.record("order-o1", *placed(), "shop");
  auto rejected =
      history.record("order-o1", proto<order::OrderRejected>("code: 'PAYMENT_DECLINED' reason: 'no funds'"), "saga:place_order");
  Folded folded(history);
  folded.catch_up();
  auto row = folded.row<Order>(std::string("o1"));
  auto micros = [](const events::RecordedEvent& e) { return std::to_string(e.recorded_at.time_since_epoch().count()); };
  EXPECT_EQ(to_cell(row->statuses), "[[1,\"PENDING\",\"\",\"shop\"," + micros(first) +
                                        "],[2,\"REJECTED\",\"PAYMENT_DECLINED: no funds\",\"saga:place_order\"," + micros(rejected) + "]]");
  EXPECT_EQ(row->rejection_code, "PAYMENT_DECLINED");
  EXPECT_EQ(row->rejection_reason, "no funds");
  EXPECT_EQ(row->cancelled_at, rejected.recorded_at);
}

TEST(OrderSummary, every_answer_of_the_gateway_is_a_transaction) {
  History history;
  record_completed_order(history, "o1");
  Folded folded(history);
  ASSERT_EQ(folded.catch_up(), 0u);
  auto row = folded.row<Order>(std::string("o1"));
  auto payments = nlohmann::json::parse(*to_cell(row->payments));
  ASSERT_EQ(payments.size(), 3u);
  EXPECT_EQ(payments[0][0], "1");
  EXPECT_EQ(payments[0][1], 1);
  EXPECT_EQ(payments[0][3], "REQUESTED");
  EXPECT_EQ(payments[0].size(), 10u);  // the instrument's method is not the order's
  EXPECT_EQ(payments[1][2], "AUTHORIZE");
  EXPECT_EQ(payments[1][6], "auth-1");
  EXPECT_EQ(payments[1].size(), 7u);
  EXPECT_EQ(payments[2][2], "CAPTURE");
  EXPECT_EQ(payments[2][4], 2550);
  EXPECT_EQ(row->captured_minor, 2550);
  EXPECT_TRUE(row->stock_reserved);
  EXPECT_TRUE(row->completed_at);
}

TEST(OrderSummary, parcels_survive_being_read_back) {
  History history;
  record_completed_order(history, "o1");
  Folded folded(history);
  folded.catch_up();
  auto row = folded.row<Order>(std::string("o1"));
  ASSERT_EQ(row->parcels.all().size(), 1u);
  EXPECT_EQ(row->parcels.all()[0].number, "1");
  EXPECT_EQ(row->parcels.all()[0].status, "DELIVERED");
  EXPECT_EQ(to_cell(Parcels::parse(*to_cell(row->parcels))), to_cell(row->parcels));
  EXPECT_THROW(Parcels::parse("[[1]]"), std::runtime_error);
}

TEST(OrderSummary, an_event_of_an_order_that_was_never_placed_is_parked_with_the_later_ones_of_its_key) {
  History history;
  history.record("order-o1", order::OrderConfirmed());
  history.record("order-o1", order::OrderReady());
  history.record("order-o2", proto<order::OrderPlaced>(placed_text("o2")));
  Folded folded(history);
  EXPECT_EQ(folded.catch_up(), 2u);
  auto parked = folded.rows<ParkedMessage>();
  ASSERT_EQ(parked.size(), 2u);
  EXPECT_EQ(parked[0].code, "BROKEN_HISTORY");
  EXPECT_EQ(parked[0].projection, "order_summary");
  EXPECT_EQ(parked[0].type, "ordersaga.order.v1.OrderConfirmed");
  EXPECT_EQ(parked[1].code, "BEHIND_PARKED");
  EXPECT_TRUE(folded.row<Order>(std::string("o2")));
}

}  // namespace
}  // namespace ordersaga::projections::testing
