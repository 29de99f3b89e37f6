// I17.
#include <gtest/gtest.h>

#include <algorithm>

#include "ordersaga/saga/v1/saga.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"
#include "tests/tools/verify/history.h"

namespace ordersaga::verify::test {
namespace {

using Ids = std::vector<std::string>;

History stocked() {
  History history;
  history.receive("SKU-1", "ams", 100);
  return history;
}

// Up to the booking; the order's second saga has just begun.
History confirmed() {
  History history = stocked();
  history.place("a");
  history.reserve("a");
  history.authorize("a");
  history.confirm("a");
  return history;
}

std::vector<Finding> judge(History& history) {
  return check({.log = &history, .tables = &history, .carrier = &history}, {Group::shipments}).findings.kept();
}

// What the one finding expected; says otherwise what was found instead.
std::string only_finding(History& history) {
  std::vector<Finding> findings = judge(history);
  if (findings.size() != 1) return std::to_string(findings.size()) + " findings";
  EXPECT_EQ(findings[0].invariant, "I17");
  return findings[0].subject + ": " + findings[0].expected + ": " + findings[0].found;
}

void forget_last(History& history, const std::string& order) {
  history.log_of(order).pop_back();
  history.snapshots[history.index(order)].head = Position(static_cast<std::int64_t>(history.log_of(order).size()));
}

TEST(Carrier, AgreesWithOrdersThatWereDeliveredAndWithOnesThatWereUndone) {
  History history = stocked();
  history.completed("a");
  history.rejected("b");
  history.place("c");
  history.confirm("c");
  history.book("c");
  history.cancel_shipment("c");
  EXPECT_EQ(broken(judge(history)), Ids{});
}

TEST(Carrier, MayBeAheadOfUsWhileItsAnswerIsOnItsWay) {
  History booked = confirmed();
  booked.book("a");
  forget_last(booked, "a");
  EXPECT_EQ(broken(judge(booked)), Ids{});

  History handed_over = confirmed();
  handed_over.book("a");
  handed_over.hand_over("a");
  forget_last(handed_over, "a");
  EXPECT_EQ(broken(judge(handed_over)), Ids{});

  History delivered = confirmed();
  delivered.book("a");
  delivered.hand_over("a");
  delivered.deliver("a");
  forget_last(delivered, "a");
  EXPECT_EQ(broken(judge(delivered)), Ids{});
}

TEST(Carrier, MayHaveBeenAskedForWhatItHasNotDoneYet) {
  History history = confirmed();
  history.book("a");
  forget_last(history, "a");
  history.carrier.clear();
  EXPECT_EQ(broken(judge(history)), Ids{});
}

TEST(Carrier, AcceptsACancellationOfABookingThatWeNeverLearnedOf) {
  History history = confirmed();
  history.book("a");
  forget_last(history, "a");
  history.cancel_shipment("a");
  std::erase_if(history.log_of("a"), [](const events::RecordedEvent& r) { return r.stream == "shipment-a.1"; });
  EXPECT_EQ(broken(judge(history)), Ids{});
}

TEST(Carrier, FindsAShipmentThatIsNotOurs) {
  History history = stocked();
  history.carrier.push_back({"stranger.1", CarrierOperation::book, "bkg-x", "bkg-x", "1011AB", "SP-x"});
  EXPECT_EQ(only_finding(history), "shipment stranger.1: a shipment of ours, because the carrier's ledger has it: none in the log");
}

TEST(Carrier, FindsABookingThatWeNeverAskedFor) {
  History history = confirmed();
  history.book("a");
  history.hand_over("a");
  for (events::RecordedEvent& r : history.log_of("a")) {
    saga::v1::SagaAdvanced advanced;
    if (r.stream != "saga-fulfil_order-a" || !advanced.ParseFromString(r.payload)) continue;
    if (advanced.request().operation() == saga::v1::OPERATION_BOOK_SHIPMENT) advanced.clear_request();
    r.payload = advanced.SerializeAsString();
  }
  EXPECT_EQ(only_finding(history), "shipment a.1: no booking at the carrier, because we asked for none: bkg-a");
}

TEST(Carrier, FindsAHandOverThatWeNeverAskedFor) {
  History history = confirmed();
  history.book("a");
  history.carrier.push_back({"a.1", CarrierOperation::hand_over, "han-a", "bkg-a"});
  EXPECT_EQ(only_finding(history), "shipment a.1: no hand-over at the carrier, because we asked for none: han-a");
}

TEST(Carrier, FindsACancellationThatWeNeverAskedFor) {
  History history = confirmed();
  history.book("a");
  history.carrier.push_back({"a.1", CarrierOperation::cancel, "can-a", "bkg-a"});
  EXPECT_EQ(only_finding(history), "shipment a.1: no cancellation at the carrier, because we asked for none: can-a");
}

TEST(Carrier, FindsABookingToAnotherPlace) {
  History history = confirmed();
  history.book("a");
  history.booking_of("a").postcode = "9999ZZ";
  EXPECT_EQ(only_finding(history), "shipment a.1: booking bkg-a to postcode 1011AB, as we asked: 9999ZZ");
}

TEST(Carrier, FindsASecondBookingOfAShipment) {
  History history = confirmed();
  history.book("a");
  history.carrier.push_back({"a.1", CarrierOperation::book, "bkg-again", "bkg-again", "1011AB", "SP-again"});
  EXPECT_EQ(only_finding(history), "shipment a.1: at most one booking at the carrier: 2: bkg-a, bkg-again");
}

TEST(Carrier, FindsASecondHandOverOfAShipment) {
  History history = confirmed();
  history.book("a");
  history.hand_over("a");
  history.carrier.push_back({"a.1", CarrierOperation::hand_over, "han-again", "bkg-a"});
  EXPECT_EQ(only_finding(history), "shipment a.1: at most one hand-over at the carrier: 2: han-a, han-again");
}

TEST(Carrier, FindsABookingOfOursThatTheCarrierDoesNotHave) {
  History history = confirmed();
  history.book("a");
  history.carrier.clear();
  EXPECT_EQ(only_finding(history), "shipment a.1: booking bkg-a in the carrier's ledger, as in our log: none");
}

TEST(Carrier, FindsAnotherReferenceThanOurs) {
  History history = confirmed();
  history.book("a");
  history.booking_of("a").reference = history.booking_of("a").booking = "bkg-other";
  EXPECT_EQ(only_finding(history), "shipment a.1: booking bkg-a in the carrier's ledger, as in our log: bkg-other");
}

TEST(Carrier, FindsAnotherTrackingNumberThanOurs) {
  History history = confirmed();
  history.book("a");
  history.booking_of("a").tracking_number = "SP-other";
  EXPECT_EQ(only_finding(history), "shipment a.1: tracking number SP-a at the carrier, as in our log: SP-other");
}

TEST(Carrier, FindsADispatchThatWasNeverHandedOver) {
  History history = confirmed();
  history.book("a");
  history.hand_over("a");
  history.carrier.pop_back();
  EXPECT_EQ(only_finding(history), "shipment a.1: hand-over han-a of booking bkg-a in the carrier's ledger, as in our log: none");
}

TEST(Carrier, FindsAHandOverOfAnotherBooking) {
  History history = confirmed();
  history.book("a");
  history.hand_over("a");
  history.carrier.back().booking = "bkg-other";
  EXPECT_EQ(only_finding(history), "shipment a.1: hand-over han-a of booking bkg-a in the carrier's ledger, as in our log: han-a");
}

TEST(Carrier, FindsAParcelThatWeTakeForDeliveredAndThatIsStillOnItsWay) {
  History history = stocked();
  history.completed("a");
  history.booking_of("a").tracking = shipment::v1::TRACKING_STATUS_IN_TRANSIT;
  EXPECT_EQ(only_finding(history), "shipment a.1: DELIVERED at the carrier, or later, as in our log: IN_TRANSIT");
}

TEST(Carrier, FindsAShipmentCancelledHereAndStillBookedThere) {
  History history = confirmed();
  history.book("a");
  history.append("shipment-a.1", shipment::v1::ShipmentCancelled());
  EXPECT_EQ(only_finding(history), "shipment a.1: booking bkg-a cancelled at the carrier, as in our log: BOOKED");
}

TEST(Carrier, FindsABookingLeftOpenWhenTheOrderIsOver) {
  History history = confirmed();
  history.book("a");
  history.cancel_shipment("a");
  std::erase_if(history.carrier, [](const CarrierEntry& e) { return e.operation == CarrierOperation::cancel; });
  history.booking_of("a").tracking = shipment::v1::TRACKING_STATUS_BOOKED;
  std::erase_if(history.log_of("a"), [](const events::RecordedEvent& r) { return r.stream == "shipment-a.1"; });
  EXPECT_EQ(only_finding(history), "shipment a.1: booking bkg-a in our log, or cancelled, because the order's sagas are over: BOOKED");
}

TEST(Carrier, FindsABookingCancelledThereOfAnOrderThatWasCompleted) {
  History history = stocked();
  history.completed("a");
  saga::v1::SagaAdvanced undo;
  undo.mutable_request()->set_operation(saga::v1::OPERATION_CANCEL_SHIPMENT);
  undo.mutable_request()->set_subject_id("a.1");
  history.append("saga-fulfil_order-a", undo);
  history.carrier.push_back({"a.1", CarrierOperation::cancel, "can-a", "bkg-a"});
  EXPECT_EQ(only_finding(history), "shipment a.1: booking bkg-a cancelled in our log, as at the carrier: DELIVERED");
}

TEST(Carrier, FindsAParcelThatTravelsThoughTheOrderIsOverWithoutIt) {
  History history = stocked();
  history.completed("a");
  std::erase_if(history.log_of("a"), [](const events::RecordedEvent& r) {
    const auto* type = events::type_of(r.type);
    return type == shipment::v1::ShipmentDispatched::descriptor() || type == shipment::v1::ShipmentDelivered::descriptor();
  });
  history.booking_of("a").tracking = shipment::v1::TRACKING_STATUS_IN_TRANSIT;
  EXPECT_EQ(only_finding(history), "shipment a.1: booking bkg-a dispatched in our log, as at the carrier: BOOKED");
}

TEST(Carrier, FindsADeliveryThatACompletedOrderDoesNotKnow) {
  History history = stocked();
  history.completed("a");
  std::erase_if(history.log_of("a"),
                [](const events::RecordedEvent& r) { return events::type_of(r.type) == shipment::v1::ShipmentDelivered::descriptor(); });
  EXPECT_EQ(only_finding(history),
            "shipment a.1: delivered in our log, as at the carrier, because the order's sagas are over: HANDED_OVER");
}

TEST(Carrier, IsSaidNotToBeCheckedWithoutItsLedger) {
  History history = stocked();
  Report report = check({.log = &history, .tables = &history}, {Group::shipments});
  EXPECT_TRUE(report.checked.empty());
  EXPECT_EQ(report.skipped, std::vector<std::string_view>{"I17"});
}

}  // namespace
}  // namespace ordersaga::verify::test
