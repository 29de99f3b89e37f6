// The carrier's rules: bookings, keys, tracking, magic postcodes.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tools/simulators/carrier/logic.h"

namespace ordersaga::simulators::carrier {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart{std::chrono::seconds(1'800'000'000)};

Call booking(std::string key, std::string postcode = "10115", std::string shipment = "o1.1") {
  Call call;
  call.kind = Kind::booking;
  call.key = std::move(key);
  call.shipment = std::move(shipment);
  call.postcode = std::move(postcode);
  call.city = "Berlin";
  return call;
}
Call on(Kind kind, std::string key, std::string reference, std::string target_key = {}) {
  Call call;
  call.kind = kind;
  call.key = std::move(key);
  call.shipment = "o1.1";
  call.reference = std::move(reference);
  call.target_key = std::move(target_key);
  return call;
}

TEST(Carrier, books_with_a_tracking_number_of_its_own_for_each_booking) {
  Carrier carrier;
  const LedgerEntry* first = carrier.handle(booking("b1"), kStart).entry;
  const LedgerEntry* second = carrier.handle(booking("b2", "10115", "o2.1"), kStart).entry;
  EXPECT_EQ(first->tracking_number, "SP0000000001");
  EXPECT_NE(first->tracking_number, second->tracking_number);
  EXPECT_EQ(first->booking, first->id);
  EXPECT_EQ(carrier.track(first->id, kStart).status, Tracking::booked);
  EXPECT_EQ(carrier.track("o2.1", kStart).booking, second) << "by the shipment's name";
  EXPECT_EQ(carrier.track("o3.1", kStart).booking, nullptr);
}

TEST(Carrier, a_repeated_key_has_no_second_effect_and_other_parameters_are_refused) {
  Carrier carrier;
  const LedgerEntry* first = carrier.handle(booking("b"), kStart).entry;
  EXPECT_EQ(carrier.handle(booking("b"), kStart + 1h).entry, first);
  EXPECT_EQ(carrier.handle(booking("b", "20095"), kStart).code, "idempotency_key_mismatch");
  EXPECT_EQ(carrier.handle(on(Kind::handover, "b", first->id), kStart).code, "idempotency_key_mismatch");
  EXPECT_EQ(carrier.ledger().size(), 1u);
}

TEST(Carrier, forgets_a_key_after_its_lifetime) {
  Carrier carrier({.key_lifetime = 24h});
  carrier.handle(booking("b"), kStart);
  EXPECT_EQ(carrier.query("b", kStart + 24h).verdict, Verdict::done);
  EXPECT_EQ(carrier.query("b", kStart + 24h + 1us).verdict, Verdict::nothing);
  carrier.handle(booking("b"), kStart + 25h);
  EXPECT_EQ(carrier.ledger().size(), 2u) << "booked twice, and the ledger shows it";
}

TEST(Carrier, a_parcel_travels_by_itself_from_its_hand_over) {
  Carrier carrier({.advance_every = 10s});
  std::string id = carrier.handle(booking("b"), kStart).entry->id;
  EXPECT_EQ(carrier.track(id, kStart + 1h).status, Tracking::booked);
  carrier.handle(on(Kind::handover, "h", id), kStart + 1h);
  Timestamp t = kStart + 1h;
  EXPECT_EQ(carrier.track(id, t).status, Tracking::handed_over);
  EXPECT_EQ(carrier.track(id, t + 10s - 1us).status, Tracking::handed_over);
  EXPECT_EQ(carrier.track(id, t + 10s).status, Tracking::in_transit);
  EXPECT_EQ(carrier.track(id, t + 20s).status, Tracking::out_for_delivery);
  EXPECT_EQ(carrier.track(id, t + 30s).status, Tracking::delivered);
  EXPECT_EQ(carrier.track(id, t + 1000h).status, Tracking::delivered);
  EXPECT_EQ(carrier.track(id, t - 5s).status, Tracking::handed_over) << "a clock that went back";
}

TEST(Carrier, a_parcel_travels_on_command) {
  Carrier carrier({.advance_every = 0s});
  std::string id = carrier.handle(booking("b"), kStart).entry->id;
  EXPECT_EQ(carrier.advance(id, kStart).code, "not_handed_over");
  carrier.handle(on(Kind::handover, "h", id), kStart);
  EXPECT_EQ(carrier.track(id, kStart + 1000h).status, Tracking::handed_over);
  for (Tracking next : {Tracking::in_transit, Tracking::out_for_delivery, Tracking::delivered}) {
    EXPECT_EQ(carrier.advance(id, kStart).verdict, Verdict::done);
    EXPECT_EQ(carrier.track(id, kStart).status, next);
  }
  EXPECT_EQ(carrier.advance(id, kStart).code, "journey_ended");
  EXPECT_EQ(carrier.advance("bkg_99", kStart).code, "unknown_booking");
}

TEST(Carrier, hands_over_once_and_says_so_as_often_as_it_is_asked) {
  Carrier carrier({.advance_every = 10s});
  std::string id = carrier.handle(booking("b"), kStart).entry->id;
  carrier.handle(on(Kind::handover, "h1", id), kStart);
  EXPECT_EQ(carrier.handle(on(Kind::handover, "h2", id), kStart + 15s).verdict, Verdict::done);
  EXPECT_EQ(carrier.track(id, kStart + 15s).status, Tracking::in_transit) << "the journey did not start again";
  EXPECT_EQ(carrier.handle(on(Kind::handover, "h3", "bkg_99"), kStart).entry->code, "unknown_booking");
}

TEST(Carrier, cancels_before_the_hand_over_only) {
  Carrier carrier;
  std::string gone = carrier.handle(booking("b1"), kStart).entry->id;
  std::string stays = carrier.handle(booking("b2"), kStart).entry->id;
  EXPECT_EQ(carrier.handle(on(Kind::cancellation, "c1", gone), kStart).verdict, Verdict::done);
  EXPECT_EQ(carrier.handle(on(Kind::cancellation, "c2", gone), kStart).verdict, Verdict::done);
  EXPECT_EQ(carrier.track(gone, kStart).status, Tracking::cancelled);
  EXPECT_EQ(carrier.handle(on(Kind::handover, "h1", gone), kStart).entry->code, "booking_cancelled");
  carrier.handle(on(Kind::handover, "h2", stays), kStart);
  EXPECT_EQ(carrier.handle(on(Kind::cancellation, "c3", stays), kStart).entry->code, "already_handed_over");
}

TEST(Carrier, a_cancellation_by_key_finds_the_booking_or_keeps_a_late_one_out) {
  Carrier carrier;
  std::string id = carrier.handle(booking("b1"), kStart).entry->id;
  carrier.handle(on(Kind::cancellation, "c1", "", "b1"), kStart);
  EXPECT_EQ(carrier.track(id, kStart).status, Tracking::cancelled);
  EXPECT_EQ(carrier.handle(on(Kind::cancellation, "c2", "", "b2"), kStart).verdict, Verdict::done);
  Answer late = carrier.handle(booking("b2"), kStart + 1min);
  EXPECT_EQ(late.verdict, Verdict::refused);
  EXPECT_EQ(late.entry->code, "cancelled_before_booking");
}

TEST(Carrier, the_postcode_LOST_loses_the_parcel_on_its_way) {
  Carrier carrier({.advance_every = 10s});
  std::string id = carrier.handle(booking("b", "LOST"), kStart).entry->id;
  carrier.handle(on(Kind::handover, "h", id), kStart);
  EXPECT_EQ(carrier.track(id, kStart + 10s).status, Tracking::in_transit);
  EXPECT_EQ(carrier.track(id, kStart + 20s).status, Tracking::lost);
  EXPECT_EQ(carrier.advance(id, kStart + 20s).code, "journey_ended");
}

TEST(Carrier, the_other_magic_postcodes_do_what_their_table_says) {
  struct Case {
    const char* postcode;
    Verdict first;
    std::chrono::milliseconds delay;
    Verdict after_first;
    Verdict second;
  };
  for (const Case& c :
       {Case{"10115", Verdict::done, 0ms, Verdict::done, Verdict::done},
        Case{"NOCARRIER", Verdict::refused, 0ms, Verdict::refused, Verdict::refused},
        Case{"SLOW", Verdict::done, 2s, Verdict::done, Verdict::done}, Case{"TIMEOUT", Verdict::done, 60s, Verdict::done, Verdict::done},
        Case{"TIMEOUT-NOTDONE", Verdict::unavailable, 60s, Verdict::nothing, Verdict::done},
        Case{"UNAVAILABLE", Verdict::unavailable, 0ms, Verdict::nothing, Verdict::done}}) {
    SCOPED_TRACE(c.postcode);
    Carrier carrier({.slow = 2s, .late = 60s});
    Answer first = carrier.handle(booking("b", c.postcode), kStart);
    EXPECT_EQ(first.verdict, c.first);
    EXPECT_EQ(first.delay, c.delay);
    EXPECT_EQ(carrier.query("b", kStart).verdict, c.after_first);
    Answer second = carrier.handle(booking("b", c.postcode), kStart);
    EXPECT_EQ(second.verdict, c.second);
    EXPECT_EQ(second.delay, 0ms);
    EXPECT_EQ(carrier.ledger().size(), 1u) << "one booking, or one refusal";
  }
}

TEST(Carrier, names_what_is_wrong_with_a_call_and_remembers_none_of_it) {
  Carrier carrier;
  Call empty = booking("k");
  empty.parcels = 0;
  for (const Call& bad : {booking(""), booking("k", ""), booking("k", "1", ""), empty, on(Kind::handover, "k", "")}) {
    Answer answer = carrier.handle(bad, kStart);
    EXPECT_EQ(answer.verdict, Verdict::invalid);
    EXPECT_FALSE(answer.message.empty());
  }
  EXPECT_TRUE(carrier.ledger().empty());
}

TEST(Carrier, restored_from_its_ledger_it_goes_on_where_it_was) {
  Carrier first({.advance_every = 10s});
  std::string id = first.handle(booking("b"), kStart).entry->id;
  first.handle(on(Kind::handover, "h", id), kStart);
  first.advance(id, kStart);
  first.handle(on(Kind::cancellation, "c", "", "never"), kStart);
  Carrier second({.advance_every = 10s});
  for (const LedgerEntry& entry : first.ledger()) second.restore(entry);
  EXPECT_EQ(second.track(id, kStart + 10s).status, Tracking::out_for_delivery);
  EXPECT_EQ(second.handle(booking("b"), kStart).entry->sequence, 1);
  EXPECT_EQ(second.handle(booking("never"), kStart).verdict, Verdict::refused);
  EXPECT_THROW(second.restore(first.ledger()[0]), std::invalid_argument);
}

}  // namespace
}  // namespace ordersaga::simulators::carrier
