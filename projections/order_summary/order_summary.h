// Orders as customers and operators see them: the order with its items, addresses, status history, payments and parcels.
// The three axes of an order (status, payment, fulfilment) are derived here, each from its own aggregate's events.
#pragma once

#include "ordersaga/inventory/v1/events.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/events.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"
#include "projections/order_summary/rows.h"
#include "projections/projection.h"

namespace ordersaga::projections::order_summary {

namespace order = ordersaga::order::v1;
namespace inventory = ordersaga::inventory::v1;
namespace payment = ordersaga::payment::v1;
namespace shipment = ordersaga::shipment::v1;

class OrderSummary final : public Projection {
 public:
  std::string_view name() const override { return "order_summary"; }
  bool concerns(const google::protobuf::Descriptor* type) const override { return Events::contains(type); }
  std::vector<RowSet*> row_sets() override { return {&orders_}; }
  void want(const Record& record) override;
  void apply(const Record& record) override { Events::dispatch(*this, record); }

 private:
  using Events = Knows<order::OrderPlaced, order::OrderRejected, order::OrderConfirmed, order::FulfilmentStarted, order::OrderReady,
                       order::OrderShipped, order::OrderDelivered, order::OrderCompleted, order::OrderCancelled, inventory::StockReserved,
                       payment::PaymentRequested, payment::PaymentAuthorized, payment::PaymentDeclined, payment::PaymentOutcomeUnknown,
                       payment::AuthorizationVoided, payment::PaymentCaptured, payment::PaymentCaptureFailed, payment::PaymentRefunded,
                       payment::RefundFailed, shipment::ShipmentCreated, shipment::ShipmentPacked, shipment::ShipmentDispatched,
                       shipment::ShipmentTrackingUpdated, shipment::ShipmentDelivered, shipment::ShipmentLost, shipment::ShipmentCancelled>;
  friend Events;

  void on(const Record& r, const order::OrderPlaced& e);
  void on(const Record& r, const order::OrderRejected& e);
  void on(const Record& r, const order::OrderConfirmed& e);
  void on(const Record& r, const order::FulfilmentStarted& e);
  void on(const Record& r, const order::OrderReady& e);
  void on(const Record& r, const order::OrderShipped& e);
  void on(const Record& r, const order::OrderDelivered& e);
  void on(const Record& r, const order::OrderCompleted& e);
  void on(const Record& r, const order::OrderCancelled& e);
  void on(const Record& r, const inventory::StockReserved& e);
  void on(const Record& r, const payment::PaymentRequested& e);
  void on(const Record& r, const payment::PaymentAuthorized& e);
  void on(const Record& r, const payment::PaymentDeclined& e);
  void on(const Record& r, const payment::PaymentOutcomeUnknown& e);
  void on(const Record& r, const payment::AuthorizationVoided& e);
  void on(const Record& r, const payment::PaymentCaptured& e);
  void on(const Record& r, const payment::PaymentCaptureFailed& e);
  void on(const Record& r, const payment::PaymentRefunded& e);
  void on(const Record& r, const payment::RefundFailed& e);
  void on(const Record& r, const shipment::ShipmentCreated& e);
  void on(const Record& r, const shipment::ShipmentPacked& e);
  void on(const Record& r, const shipment::ShipmentDispatched& e);
  void on(const Record& r, const shipment::ShipmentTrackingUpdated& e);
  void on(const Record& r, const shipment::ShipmentDelivered& e);
  void on(const Record& r, const shipment::ShipmentLost& e);
  void on(const Record& r, const shipment::ShipmentCancelled& e);

  // The record's order, its last change noted. Throws BrokenHistory when it was never placed.
  Order& changed(const Record& r);
  static void change_status(const Record& r, Order& order, std::string_view status, std::string_view notes = {});
  void close(const Record& r, std::string_view status, const std::string& code, const std::string& reason);
  // What there is to say of a transaction beside what it is.
  struct Answer {
    std::string_view reference = {};  // the gateway's own
    std::string_view code = {};
    std::string_view message = {};
    std::string_view method = {};  // when it is not the order's
  };
  // What the gateway was asked or has answered.
  static void add_payment(const Record& r, Order& order, std::string_view type, std::string_view status, std::int64_t amount_minor,
                          const Answer& answer);
  // Sets the parcel's status and derives the order's. Throws BrokenHistory when the parcel was never made.
  Parcel& move_parcel(const Record& r, std::string_view status);
  static std::string_view fulfilment_of(const Parcels& parcels);

  WorkingRows<Order> orders_;
};

}  // namespace ordersaga::projections::order_summary
