// HttpEffects over the real simulators, and over servers that fail; all on loopback in one process.
#include "consumers/effects/http_effects.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "tests/consumers/effects/requests.h"
#include "tests/runtime/http/scripted_server.h"
#include "tools/simulators/carrier/server.h"
#include "tools/simulators/payment_gateway/server.h"

namespace ordersaga::consumers {
namespace {

using runtime::http::Endpoint;
using runtime::http::Peer;
using runtime::http::ScriptedServer;
using saga::v1::EffectResult;
using namespace std::chrono_literals;

constexpr auto kSucceeded = saga::v1::EFFECT_OUTCOME_SUCCEEDED;

class HttpEffectsOverSimulators : public testing::Test {
 protected:
  HttpEffectsOverSimulators() {
    carrier_options_.carrier.advance_every = 0ms;
    gateway_.emplace(gateway_options_, clock_);
    carrier_.emplace(carrier_options_, clock_);
    effects_.emplace(HttpEffectsOptions{{"127.0.0.1", gateway_->port()}, {"127.0.0.1", carrier_->port()}});
  }

  runtime::SystemClock clock_;
  simulators::payment_gateway::ServerOptions gateway_options_;
  simulators::carrier::ServerOptions carrier_options_;
  std::optional<simulators::payment_gateway::GatewayServer> gateway_;
  std::optional<simulators::carrier::CarrierServer> carrier_;
  std::optional<HttpEffects> effects_;
};

TEST_F(HttpEffectsOverSimulators, a_payment_is_authorized_captured_and_refunded) {
  EffectResult authorized = carry_out(*effects_, authorization("a"));
  ASSERT_EQ(authorized.outcome(), kSucceeded) << authorized.message();
  EXPECT_EQ(authorized.amount().amount_minor(), 1'000);
  auto capture = request_of(saga::v1::OPERATION_CAPTURE_PAYMENT, "c", "a");
  capture.set_reference(authorized.reference());
  EffectResult captured = carry_out(*effects_, capture);
  ASSERT_EQ(captured.outcome(), kSucceeded) << captured.message();
  EXPECT_EQ(carry_out(*effects_, capture).reference(), captured.reference()) << "once";
  auto refund = request_of(saga::v1::OPERATION_REFUND_PAYMENT, "r", "c");
  EXPECT_EQ(carry_out(*effects_, refund).outcome(), kSucceeded);
  auto undo = request_of(saga::v1::OPERATION_VOID_PAYMENT, "v", "a");
  EXPECT_EQ(carry_out(*effects_, undo).code(), "INVALID_TRANSITION");
}

TEST_F(HttpEffectsOverSimulators, a_timeout_is_unknown_and_the_query_tells_the_truth) {
  for (auto [token, truth] :
       {std::pair{"tok_timeout_done", saga::v1::EFFECT_OUTCOME_SUCCEEDED}, {"tok_timeout_not_done", saga::v1::EFFECT_OUTCOME_NOT_FOUND}}) {
    auto request = authorization(std::string("key-") + token, token);
    request.set_timeout_millis(50);
    EXPECT_EQ(carry_out(*effects_, request).outcome(), saga::v1::EFFECT_OUTCOME_UNKNOWN) << token;
    EXPECT_EQ(carry_out(*effects_, query(saga::v1::OPERATION_AUTHORIZE_PAYMENT, request.idempotency_key())).outcome(), truth) << token;
  }
}

TEST_F(HttpEffectsOverSimulators, a_void_of_what_was_never_heard_of_closes_the_key) {
  EXPECT_EQ(carry_out(*effects_, request_of(saga::v1::OPERATION_VOID_PAYMENT, "v", "a")).outcome(), kSucceeded);
  EXPECT_EQ(carry_out(*effects_, authorization("a")).outcome(), saga::v1::EFFECT_OUTCOME_FAILED);
}

TEST_F(HttpEffectsOverSimulators, a_parcel_is_booked_handed_over_and_tracked) {
  EffectResult booked = carry_out(*effects_, booking("b"));
  ASSERT_EQ(booked.outcome(), kSucceeded) << booked.message();
  EXPECT_FALSE(booked.tracking_number().empty());
  EXPECT_EQ(carry_out(*effects_, query(saga::v1::OPERATION_BOOK_SHIPMENT, "b")).label_url(), booked.label_url());
  EXPECT_EQ(carry_out(*effects_, request_of(saga::v1::OPERATION_HAND_OVER_SHIPMENT, "h", "b")).outcome(), kSucceeded);
  auto track = request_of(saga::v1::OPERATION_TRACK_SHIPMENT, "t");
  track.set_reference(booked.reference());
  EXPECT_EQ(carry_out(*effects_, track).tracking_status(), shipment::v1::TRACKING_STATUS_HANDED_OVER);
  EXPECT_EQ(carry_out(*effects_, request_of(saga::v1::OPERATION_CANCEL_SHIPMENT, "c", "b")).code(), "CANCELLATION_WINDOW_CLOSED");
}

TEST_F(HttpEffectsOverSimulators, a_thousand_calls_at_once_each_get_their_one_result) {
  Collector collector;
  for (int i = 0; i < 1'000; ++i) {
    auto request = authorization("k" + std::to_string(i));
    request.set_step(i);
    effects_->start(request, collector.done());
  }
  std::set<int> steps;
  std::set<std::string> references;
  for (const EffectResult& result : collector.wait(1'000)) {
    EXPECT_EQ(result.outcome(), kSucceeded) << result.message();
    steps.insert(result.step());
    references.insert(result.reference());
  }
  EXPECT_EQ(collector.size(), 1'000u);
  EXPECT_EQ(steps.size(), 1'000u);
  EXPECT_EQ(references.size(), 1'000u);
  EXPECT_EQ(effects_->in_flight(), 0u);
}

TEST_F(HttpEffectsOverSimulators, a_gateway_that_is_down_is_unavailable_and_comes_back) {
  std::uint16_t port = gateway_->port();
  gateway_.reset();
  EffectResult down = carry_out(*effects_, authorization("a"));
  EXPECT_EQ(down.outcome(), saga::v1::EFFECT_OUTCOME_UNAVAILABLE);
  EXPECT_EQ(down.code(), "DEPENDENCY_UNAVAILABLE");
  EXPECT_EQ(carry_out(*effects_, booking("b")).outcome(), kSucceeded) << "the carrier is not concerned";
  gateway_options_.port = port;
  gateway_.emplace(gateway_options_, clock_);
  EXPECT_EQ(carry_out(*effects_, authorization("a")).outcome(), kSucceeded);
}

TEST(HttpEffects, a_connection_closed_without_an_answer_is_unknown) {
  ScriptedServer server([](int, Peer peer) { peer.read_request(); });
  HttpEffects effects({server.endpoint(), server.endpoint()});
  EffectResult result = carry_out(effects, authorization("a"));
  EXPECT_EQ(result.outcome(), saga::v1::EFFECT_OUTCOME_UNKNOWN);
  EXPECT_EQ(result.code(), "DEPENDENCY_TIMEOUT");
}

TEST(HttpEffects, what_cannot_be_said_fails_from_another_thread_than_the_callers) {
  HttpEffects effects({{"127.0.0.1", 1}, {"127.0.0.1", 1}});
  for (const auto& request : {authorization("bad\r\nkey"), request_of(saga::v1::OPERATION_UNSPECIFIED, "k")}) {
    std::thread::id on;
    Collector collector;
    effects.start(request, [&, done = collector.done()](const EffectResult& result) {
      on = std::this_thread::get_id();
      done(result);
    });
    EffectResult result = collector.wait(1).front();
    EXPECT_EQ(result.outcome(), saga::v1::EFFECT_OUTCOME_FAILED);
    EXPECT_EQ(result.code(), "INVALID_ARGUMENT");
    EXPECT_NE(on, std::this_thread::get_id());
  }
}

TEST(HttpEffects, what_is_unanswered_when_it_is_destroyed_gets_no_result) {
  ScriptedServer server([](int, Peer peer) { peer.wait_for_close(); });
  Collector collector;
  {
    HttpEffects effects({server.endpoint(), server.endpoint()});
    effects.start(authorization("a"), collector.done());
    EXPECT_EQ(effects.in_flight(), 1u);
  }
  EXPECT_EQ(collector.size(), 0u);
}

}  // namespace
}  // namespace ordersaga::consumers
