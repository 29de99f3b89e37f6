#include "aggregates/shipment/shipment.h"

#include "tests/aggregates/fixtures.h"
#include "tests/aggregates/transition_table.h"

namespace ordersaga::tests {
namespace {

namespace v1 = ordersaga::shipment::v1;

template <class... E>
Given<Shipment> given(const E&... events) {
  return Given<Shipment>({}, events...);
}

const v1::CreateShipment kCreate = proto<v1::CreateShipment>(R"pb(
  shipment_id: "o1.1"
  order_id: "o1"
  lines { sku: "S1" quantity: 2 }
  destination { name: "Ada" lines: "Main Street 1" postcode: "10115" city: "Berlin" country_code: "DE" }
  carrier: "swift"
  booking_reference: "bk_1"
  tracking_number: "TRK1"
  label_url: "http://127.0.0.1/labels/1"
)pb");
const v1::ShipmentCreated kCreated = proto<v1::ShipmentCreated>(R"pb(
  shipment_id: "o1.1"
  lines { sku: "S1" quantity: 2 }
  destination { name: "Ada" lines: "Main Street 1" postcode: "10115" city: "Berlin" country_code: "DE" }
  carrier: "swift"
  booking_reference: "bk_1"
  tracking_number: "TRK1"
  label_url: "http://127.0.0.1/labels/1"
)pb");
const v1::ShipmentPacked kPacked = proto<v1::ShipmentPacked>("packed_by: 'Grace'");
const v1::ShipmentDispatched kDispatched = proto<v1::ShipmentDispatched>("reference: 'ho_1'");
const v1::ShipmentTrackingUpdated kInTransit = proto<v1::ShipmentTrackingUpdated>("status: TRACKING_STATUS_IN_TRANSIT");
const v1::ShipmentTrackingUpdated kOutForDelivery = proto<v1::ShipmentTrackingUpdated>("status: TRACKING_STATUS_OUT_FOR_DELIVERY");
const v1::ShipmentDelivered kDelivered;
const v1::ShipmentLost kLost;
const v1::ShipmentCancelled kCancelled;

v1::RecordTracking tracking(v1::TrackingStatus status) {
  v1::RecordTracking command;
  command.set_status(status);
  return command;
}

TEST(Shipment, takes_every_command_in_every_status_as_the_table_says) {
  const v1::RecordPack pack;
  const v1::DispatchShipment dispatch;
  const v1::CancelShipment cancel;
  const auto booked = tracking(v1::TRACKING_STATUS_BOOKED);
  const auto handed_over = tracking(v1::TRACKING_STATUS_HANDED_OVER);
  const auto in_transit = tracking(v1::TRACKING_STATUS_IN_TRANSIT);
  const auto out_for_delivery = tracking(v1::TRACKING_STATUS_OUT_FOR_DELIVERY);
  const auto delivered = tracking(v1::TRACKING_STATUS_DELIVERED);
  const auto lost = tracking(v1::TRACKING_STATUS_LOST);
  const auto cancelled = tracking(v1::TRACKING_STATUS_CANCELLED);
  using S = aggregates::shipment::Status;
  check_table<Shipment>({},
                        {{"CreateShipment", &kCreate},
                         {"RecordPack", &pack},
                         {"DispatchShipment", &dispatch},
                         {"CancelShipment", &cancel},
                         {"tracked: booked", &booked},
                         {"tracked: handed over", &handed_over},
                         {"tracked: in transit", &in_transit},
                         {"tracked: out for delivery", &out_for_delivery},
                         {"tracked: delivered", &delivered},
                         {"tracked: lost", &lost},
                         {"tracked: cancelled", &cancelled}},
                        {
                            {S::none, after<Shipment>(), "E N N - NNNNNNN"},
                            {S::created, after<Shipment>(kCreated), "- E X E -XXXXXE"},
                            {S::packed, after<Shipment>(kCreated, kPacked), "- - E E -EEEEEE"},
                            {S::dispatched, after<Shipment>(kCreated, kPacked, kDispatched), "- - - X --EEEEX"},
                            {S::in_transit, after<Shipment>(kCreated, kPacked, kDispatched, kInTransit), "- - - X ---EEEX"},
                            {S::in_transit, after<Shipment>(kCreated, kPacked, kDispatched, kOutForDelivery), "- - - X ----EEX"},
                            {S::delivered, after<Shipment>(kCreated, kPacked, kDispatched, kDelivered), "- - - X -----XX"},
                            {S::lost, after<Shipment>(kCreated, kPacked, kDispatched, kLost), "- - - X ----E--"},
                            {S::cancelled, after<Shipment>(kCreated, kCancelled), "X X X - -------"},
                        });
}

TEST(Shipment, is_booked_packed_dispatched_and_delivered) {
  given().when(kCreate).then(kCreated);
  given(kCreated).when(proto<v1::RecordPack>("order_id: 'o1' packed_by: 'Grace'")).then(kPacked);
  given(kCreated, kPacked).when(proto<v1::DispatchShipment>("reference: 'ho_1'")).then(kDispatched);
  given(kCreated, kPacked, kDispatched).when(tracking(v1::TRACKING_STATUS_IN_TRANSIT)).then(kInTransit);
  given(kCreated, kPacked, kDispatched, kInTransit).when(tracking(v1::TRACKING_STATUS_DELIVERED)).then(kDelivered);
}

TEST(Shipment, booked_under_another_reference_is_refused) {
  v1::CreateShipment other = kCreate;
  other.set_booking_reference("bk_2");
  given(kCreated).when(other).then_rejected(error::kInvalidTransition);
}

TEST(Shipment, that_the_carrier_reports_on_its_way_was_handed_over) {
  given(kCreated, kPacked).when(tracking(v1::TRACKING_STATUS_HANDED_OVER)).then(v1::ShipmentDispatched());
  given(kCreated, kPacked).when(tracking(v1::TRACKING_STATUS_IN_TRANSIT)).then(v1::ShipmentDispatched(), kInTransit);
}

TEST(Shipment, that_was_lost_may_still_be_delivered) {
  given(kCreated, kPacked, kDispatched, kLost).when(tracking(v1::TRACKING_STATUS_DELIVERED)).then(kDelivered);
}

TEST(Shipment, keeps_what_identifies_it_at_the_carrier) {
  auto created = given(kCreated);
  EXPECT_EQ(created.state().booking_reference, "bk_1");
  EXPECT_EQ(created.state().tracking, v1::TRACKING_STATUS_BOOKED);
}

TEST(Shipment, of_nonsense_is_refused_with_the_fields_named) {
  aggregates::Rejection rejection =
      given().when(proto<v1::CreateShipment>("order_id: 'o1' shipment_id: 'o2.1'")).then_rejected(error::kInvalidArgument);
  std::vector<std::string> fields;
  for (const auto& detail : rejection.details) fields.push_back(detail.at(0).second);
  EXPECT_EQ(fields, (std::vector<std::string>{"shipment_id", "lines", "destination", "carrier", "booking_reference"}));
  given(kCreated).when(tracking(v1::TRACKING_STATUS_UNSPECIFIED)).then_rejected(error::kInvalidArgument);
  given(kCreated).when(tracking(static_cast<v1::TrackingStatus>(99))).then_rejected(error::kInvalidArgument);
}

}  // namespace
}  // namespace ordersaga::tests
