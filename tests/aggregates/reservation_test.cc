#include "aggregates/reservation/reservation.h"

#include "tests/aggregates/fixtures.h"
#include "tests/aggregates/transition_table.h"

namespace ordersaga::tests {
namespace {

namespace v1 = ordersaga::inventory::v1;

template <class... E>
Given<Reservation> given(const E&... events) {
  return Given<Reservation>({}, events...);
}

// kNow is 1'800'000'000.
const v1::ReserveStock kReserve = proto<v1::ReserveStock>(R"pb(
  order_id: "o1"
  lines { sku: "S1" quantity: 5 }
  lines { sku: "S2" quantity: 1 }
  expires_at { seconds: 1800000900 }
)pb");
const v1::StockReserved kReserved = proto<v1::StockReserved>(R"pb(
  allocations { sku: "S1" location: "ams" quantity: 3 seen_on_hand: 3 seen_reserved: 1 }
  allocations { sku: "S1" location: "ber" quantity: 2 seen_on_hand: 4 }
  allocations { sku: "S2" location: "ber" quantity: 1 seen_on_hand: 10 }
  expires_at { seconds: 1800000900 }
)pb");
const std::string kHeld = R"pb(
  allocations { sku: "S1" location: "ams" quantity: 3 }
  allocations { sku: "S1" location: "ber" quantity: 2 }
  allocations { sku: "S2" location: "ber" quantity: 1 }
)pb";
const v1::StockReservationRejected kRejected = proto<v1::StockReservationRejected>("shortfalls { sku: 'S1' requested: 9 available: 7 }");
const v1::ReservationCommitted kCommitted;
const v1::StockReleased kReleased = proto<v1::StockReleased>(kHeld);
const v1::ReservationConsumed kConsumed = proto<v1::ReservationConsumed>(kHeld);

TEST(Reservation, takes_every_command_in_every_status_as_the_table_says) {
  v1::ReserveStock too_much = kReserve;
  too_much.mutable_lines(0)->set_quantity(8);
  const v1::CommitReservation commit;
  const v1::ReleaseStock release;
  const v1::ConsumeReservation consume;
  using S = aggregates::reservation::Status;
  check_table<Reservation>({},
                           {{"ReserveStock", &kReserve},
                            {"ReserveStock of more than there is", &too_much},
                            {"CommitReservation", &commit},
                            {"ReleaseStock", &release},
                            {"ConsumeReservation", &consume}},
                           {
                               {S::none, after<Reservation>(), "E E N - N"},
                               {S::rejected, after<Reservation>(kRejected), "X X X - X"},
                               {S::reserved, after<Reservation>(kReserved), "- X E E X"},
                               {S::committed, after<Reservation>(kReserved, kCommitted), "X X - E E"},
                               {S::released, after<Reservation>(kReserved, kReleased), "X X X - X"},
                               {S::consumed, after<Reservation>(kReserved, kCommitted, kConsumed), "X X - X -"},
                           });
}

TEST(Reservation, draws_on_locations_in_their_order_and_records_the_levels_seen) {
  given().when(kReserve).then(kReserved);
}

TEST(Reservation, of_two_lines_of_one_sku_sees_what_the_first_line_took) {
  given()
      .when(proto<v1::ReserveStock>(R"pb(
        order_id: "o1"
        lines { sku: "S1" quantity: 2 }
        lines { sku: "S2" quantity: 1 }
        lines { sku: "S1" quantity: 4 }
        expires_at { seconds: 1800000900 }
      )pb"))
      .then(proto<v1::StockReserved>(R"pb(
        allocations { sku: "S1" location: "ams" quantity: 2 seen_on_hand: 3 seen_reserved: 1 }
        allocations { sku: "S2" location: "ber" quantity: 1 seen_on_hand: 10 }
        allocations { sku: "S1" location: "ams" quantity: 1 seen_on_hand: 1 seen_reserved: 3 }
        allocations { sku: "S1" location: "ber" quantity: 3 seen_on_hand: 4 }
        expires_at { seconds: 1800000900 }
      )pb"));
}

TEST(Reservation, takes_all_or_nothing_and_names_every_short_sku_once) {
  given()
      .when(proto<v1::ReserveStock>(R"pb(
        order_id: "o1"
        lines { sku: "S1" quantity: 4 }
        lines { sku: "S2" quantity: 10 }
        lines { sku: "S1" quantity: 4 }
        lines { sku: "S9" quantity: 1 }
        lines { sku: "S8" quantity: 2 }
        lines { sku: "S9" quantity: 2 }
        expires_at { seconds: 1800000900 }
      )pb"))
      .then(proto<v1::StockReservationRejected>(R"pb(
        shortfalls { sku: "S1" requested: 8 available: 7 }
        shortfalls { sku: "S9" requested: 3 available: 0 }
        shortfalls { sku: "S8" requested: 2 available: 0 }
      )pb"));
}

TEST(Reservation, takes_the_last_unit) {
  v1::ReserveStock all = kReserve;
  all.mutable_lines(0)->set_quantity(7);
  all.mutable_lines(1)->set_quantity(10);
  auto decision = given().when(all);
  ASSERT_EQ(std::get<0>(decision.decision()).size(), 1U);
  EXPECT_TRUE(std::holds_alternative<const v1::StockReserved*>(std::get<0>(decision.decision())[0]));
}

TEST(Reservation, that_is_held_is_not_another_one) {
  v1::ReserveStock less = kReserve;
  less.mutable_lines(0)->set_quantity(4);
  given(kReserved).when(less).then_rejected(error::kInvalidTransition);
  v1::ReserveStock fewer = kReserve;
  fewer.mutable_lines()->RemoveLast();
  given(kReserved).when(fewer).then_rejected(error::kInvalidTransition);
}

TEST(Reservation, can_be_committed_up_to_its_expiry_and_not_later) {
  const Timestamp expiry(std::chrono::seconds(1'800'000'900));
  given(kReserved).at(expiry).when(v1::CommitReservation()).then(kCommitted);
  given(kReserved).at(expiry + Duration(1)).when(v1::CommitReservation()).then_rejected(error::kReservationExpired);
  given(kReserved, kCommitted).at(expiry + Duration(1)).when(v1::CommitReservation()).then();
}

TEST(Reservation, gives_back_or_consumes_exactly_what_it_took) {
  v1::StockReleased released = kReleased;
  released.set_reason("PAYMENT_DECLINED");
  given(kReserved).when(proto<v1::ReleaseStock>("reason: 'PAYMENT_DECLINED'")).then(released);
  given(kReserved, kCommitted).when(v1::ConsumeReservation()).then(kConsumed);
}

TEST(Reservation, of_nonsense_is_refused_with_the_fields_named) {
  aggregates::Rejection rejection = given()
                                        .when(proto<v1::ReserveStock>(R"pb(
                                          lines { sku: "" quantity: 1 }
                                          lines { sku: "S1" quantity: 0 }
                                          expires_at { seconds: 1800000000 }
                                        )pb"))
                                        .then_rejected(error::kInvalidArgument);
  ASSERT_EQ(rejection.details.size(), 3U);
  EXPECT_EQ(rejection.details.at(0).at(0).second, "lines[0].sku");
  EXPECT_EQ(rejection.details.at(1).at(0).second, "lines[1].quantity");
  EXPECT_EQ(rejection.details.at(2).at(0).second, "expires_at");
  given().when(proto<v1::ReserveStock>("expires_at { seconds: 1800000900 }")).then_rejected(error::kInvalidArgument);
  given()
      .when(proto<v1::ReserveStock>("lines { sku: 'S1' quantity: 1 } expires_at { seconds: 9223372036854775807 }"))
      .then_rejected(error::kInvalidArgument);
}

}  // namespace
}  // namespace ordersaga::tests
