#include "consumers/effects/carrier_client.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "schemas/error_codes.h"
#include "tests/consumers/effects/requests.h"

namespace ordersaga::consumers::carrier {
namespace {

using nlohmann::json;
using runtime::http::Fate;
using saga::v1::EffectResult;

EffectResult read(const saga::v1::EffectRequest& request, const runtime::http::Result& answer) {
  EffectResult result = result_for(request);
  read_answer(asked(request), answer, result);
  return result;
}

std::string error_body(const char* code) {
  return json{{"error", {{"code", code}, {"message", "because"}}}}.dump();
}

TEST(CarrierRequest, names_the_parcel_but_not_the_person) {
  runtime::http::Request book = make_request(booking("k1"));
  EXPECT_EQ(book.method + " " + book.target, "POST /v1/bookings");
  EXPECT_EQ(book.header("Idempotency-Key"), "k1");
  EXPECT_EQ(json::parse(book.body), (json{{"shipment", "o1.1"},
                                          {"destination", {{"postcode", "10115"}, {"city", "Berlin"}}},
                                          {"lines", {{{"sku", "SKU-1"}, {"quantity", 2}}}}}));
  auto undo = request_of(saga::v1::OPERATION_CANCEL_SHIPMENT, "k2", "k1");
  EXPECT_EQ(make_request(undo).target, "/v1/cancellations");
  EXPECT_EQ(json::parse(make_request(undo).body), (json{{"shipment", "o1.1"}, {"reference", ""}, {"target_key", "k1"}}));
  EXPECT_EQ(make_request(request_of(saga::v1::OPERATION_HAND_OVER_SHIPMENT, "k")).target, "/v1/handovers");
  EXPECT_EQ(make_request(query(saga::v1::OPERATION_BOOK_SHIPMENT, "k1")).target, "/v1/operations/k1");
}

TEST(CarrierRequest, tracks_by_the_booking_or_else_by_the_shipment) {
  auto track = request_of(saga::v1::OPERATION_TRACK_SHIPMENT, "k");
  EXPECT_EQ(make_request(track).target, "/v1/shipments/o1.1/tracking");
  track.set_reference("bkg_1");
  EXPECT_EQ(make_request(track).target, "/v1/shipments/bkg_1/tracking");
}

TEST(CarrierAnswer, a_booking_has_carrier_tracking_number_and_label) {
  json body = {{"kind", "booking"},      {"key", "k"}, {"status", "done"}, {"id", "bkg_1"}, {"carrier", "Post"}, {"tracking_number", "T1"},
               {"label_url", "http://l"}};
  EffectResult result = read(booking("k"), answered(200, body.dump()));
  EXPECT_EQ(result.outcome(), saga::v1::EFFECT_OUTCOME_SUCCEEDED);
  EXPECT_EQ(result.reference(), "bkg_1");
  EXPECT_EQ(result.carrier(), "Post");
  EXPECT_EQ(result.tracking_number(), "T1");
  EXPECT_EQ(result.label_url(), "http://l");
  body.erase("tracking_number");
  EXPECT_EQ(read(booking("k"), answered(200, body.dump())).outcome(), saga::v1::EFFECT_OUTCOME_UNKNOWN);
}

TEST(CarrierAnswer, tracking_gives_a_status_or_is_to_be_asked_again) {
  auto track = request_of(saga::v1::OPERATION_TRACK_SHIPMENT, "k");
  json body = {{"booking", "bkg_1"}, {"tracking_number", "T1"}, {"status", "OUT_FOR_DELIVERY"}};
  EffectResult result = read(track, answered(200, body.dump()));
  EXPECT_EQ(result.outcome(), saga::v1::EFFECT_OUTCOME_SUCCEEDED);
  EXPECT_EQ(result.tracking_status(), shipment::v1::TRACKING_STATUS_OUT_FOR_DELIVERY);
  body["status"] = "EATEN_BY_DOG";
  for (const auto& none :
       {answered(200, body.dump()), answered(500, ""), answered(404, ""), answered(400, ""), lost(Fate::not_sent), lost(Fate::unknown)}) {
    EffectResult again = read(track, none);
    EXPECT_EQ(again.outcome(), saga::v1::EFFECT_OUTCOME_UNAVAILABLE);
    EXPECT_NE(find_error_code(again.code()), nullptr);
  }
  EffectResult missing = read(track, answered(404, error_body("unknown_booking")));
  EXPECT_EQ(missing.outcome(), saga::v1::EFFECT_OUTCOME_FAILED);
  EXPECT_EQ(missing.code(), "SHIPMENT_NOT_FOUND");
}

TEST(CarrierAnswer, refusals_have_codes_of_ours) {
  for (auto [theirs, ours] : {std::pair{"already_handed_over", "CANCELLATION_WINDOW_CLOSED"},
                              {"unknown_booking", "SHIPMENT_NOT_FOUND"},
                              {"no_service", "INVALID_ARGUMENT"},
                              {"booking_cancelled", "INVALID_TRANSITION"}}) {
    json body = {{"kind", "cancellation"}, {"key", "k"}, {"status", "refused"}, {"id", "can_1"}, {"code", theirs}, {"message", "no"}};
    for (int status : {200, 422}) {
      EffectResult result = read(request_of(saga::v1::OPERATION_CANCEL_SHIPMENT, "k"), answered(status, body.dump()));
      EXPECT_EQ(result.outcome(), saga::v1::EFFECT_OUTCOME_FAILED);
      EXPECT_EQ(result.code(), ours);
      EXPECT_EQ(result.message(), std::string(theirs) + ": no");
    }
  }
}

}  // namespace
}  // namespace ordersaga::consumers::carrier
