// The simulators say the same with and without HTTP: a conversation over every magic token and postcode is held with both,
// and each result compared.
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "consumers/effects/http_effects.h"
#include "tests/consumers/effects/requests.h"
#include "tools/simulators/carrier/server.h"
#include "tools/simulators/participants.h"
#include "tools/simulators/payment_gateway/server.h"
#include "tools/simulators/payment_gateway/tokens.h"

namespace ordersaga::consumers {
namespace {

using saga::v1::EffectRequest;
using saga::v1::EffectResult;
using namespace std::chrono_literals;

class Agreement : public testing::Test {
 protected:
  static constexpr std::int32_t kTimeoutMillis = 100;

  static simulators::payment_gateway::ServerOptions gateway_options() {
    simulators::payment_gateway::ServerOptions options;
    options.gateway.slow = 1ms;
    return options;
  }
  static simulators::carrier::ServerOptions carrier_options() {
    simulators::carrier::ServerOptions options;
    options.carrier.slow = 1ms;
    options.carrier.advance_every = 0ms;
    return options;
  }

  // What both say. Codes and words for people may differ where there is no operation to speak of; the label's URL has the
  // server's address.
  EffectResult ask(EffectRequest request) {
    if (late_) request.set_timeout_millis(kTimeoutMillis);
    EffectResult over_http = carry_out(effects_, request);
    EffectResult direct = participants_.answer(request, clock_.now()).result;
    EffectResult a = over_http, b = direct;
    bool settled = a.outcome() == saga::v1::EFFECT_OUTCOME_SUCCEEDED || a.outcome() == saga::v1::EFFECT_OUTCOME_FAILED;
    for (EffectResult* r : {&a, &b}) {
      r->clear_label_url();
      if (!settled) r->clear_message();
    }
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(a, b)) << over_http.DebugString() << "but\n" << direct.DebugString();
    return over_http;
  }

  // Short timeouts only where the answer never comes: a busy machine must not make a timeout of an answer.
  void expect_late(bool late) { late_ = late; }

  runtime::SystemClock clock_;
  simulators::payment_gateway::GatewayServer gateway_{gateway_options(), clock_};
  simulators::carrier::CarrierServer carrier_{carrier_options(), clock_};
  HttpEffects effects_{{{"127.0.0.1", gateway_.port()}, {"127.0.0.1", carrier_.port()}}};
  simulators::Participants participants_{gateway_options().gateway, carrier_options().carrier};
  bool late_ = false;
};

TEST_F(Agreement, on_every_token) {
  using simulators::payment_gateway::Effect;
  using simulators::payment_gateway::Kind;
  std::vector<std::string> tokens{"tok_approved", "no_token"};
  for (const auto& b : simulators::payment_gateway::kBehaviours) tokens.emplace_back(b.token);
  for (const std::string& token : tokens) {
    SCOPED_TRACE(token);
    auto late = [&](Kind on, bool again) {
      const auto* b = simulators::payment_gateway::find_behaviour(token, on);
      expect_late(b && (b->effect == Effect::done_late || b->effect == Effect::not_done_late) && !(again && b->first_try_only));
    };
    auto twice = [&](const EffectRequest& request, Kind kind, saga::v1::Operation operation) {
      late(kind, false);
      ask(request);
      expect_late(false);
      ask(query(operation, request.idempotency_key()));
      late(kind, true);
      return ask(request);
    };
    EffectResult authorized = twice(authorization("a-" + token, token), Kind::authorization, saga::v1::OPERATION_AUTHORIZE_PAYMENT);
    // One authorization goes on to a refund, the other is voided.
    auto capture = request_of(saga::v1::OPERATION_CAPTURE_PAYMENT, "c-" + token, "a-" + token);
    capture.set_reference(authorized.reference());
    twice(capture, Kind::capture, saga::v1::OPERATION_CAPTURE_PAYMENT);
    twice(request_of(saga::v1::OPERATION_REFUND_PAYMENT, "r-" + token, "c-" + token), Kind::refund, saga::v1::OPERATION_REFUND_PAYMENT);
    expect_late(false);
    if (authorized.outcome() == saga::v1::EFFECT_OUTCOME_SUCCEEDED) ask(authorization("b-" + token, token.substr(0, 4) + "approved"));
    twice(request_of(saga::v1::OPERATION_VOID_PAYMENT, "w-" + token, "b-" + token), Kind::void_, saga::v1::OPERATION_VOID_PAYMENT);
    twice(request_of(saga::v1::OPERATION_VOID_PAYMENT, "v-" + token, "a-" + token), Kind::void_, saga::v1::OPERATION_VOID_PAYMENT);
  }
}

TEST_F(Agreement, on_every_postcode) {
  for (const std::string postcode : {"10115", "LOST", "NOCARRIER", "SLOW", "TIMEOUT", "TIMEOUT-NOTDONE", "UNAVAILABLE", ""}) {
    SCOPED_TRACE(postcode);
    expect_late(postcode.rfind("TIMEOUT", 0) == 0);
    auto book = booking("b-" + postcode, postcode);
    book.set_subject_id("s-" + postcode);
    ask(book);
    expect_late(false);
    ask(query(saga::v1::OPERATION_BOOK_SHIPMENT, book.idempotency_key()));
    EffectResult booked = ask(book);
    auto on = [&](saga::v1::Operation operation, std::string key) {
      auto request = request_of(operation, std::move(key), book.idempotency_key());
      request.set_subject_id(book.subject_id());
      request.set_reference(booked.outcome() == saga::v1::EFFECT_OUTCOME_SUCCEEDED ? booked.reference() : "");
      return request;
    };
    ask(on(saga::v1::OPERATION_TRACK_SHIPMENT, "t"));
    ask(on(saga::v1::OPERATION_HAND_OVER_SHIPMENT, "h-" + postcode));
    ask(on(saga::v1::OPERATION_TRACK_SHIPMENT, "t"));
    ask(on(saga::v1::OPERATION_CANCEL_SHIPMENT, "c-" + postcode));
    ask(query(saga::v1::OPERATION_CANCEL_SHIPMENT, "c-" + postcode));
    ask(query(saga::v1::OPERATION_HAND_OVER_SHIPMENT, "c-" + postcode));
  }
}

TEST_F(Agreement, on_misuse) {
  ask(authorization("a"));
  auto other = authorization("a");
  other.mutable_amount()->set_amount_minor(999);
  EXPECT_EQ(ask(other).code(), "IDEMPOTENCY_KEY_MISMATCH");
  auto zero = authorization("z");
  zero.mutable_amount()->set_amount_minor(0);
  EXPECT_EQ(ask(zero).code(), "INVALID_ARGUMENT");
  EXPECT_EQ(ask(query(saga::v1::OPERATION_CAPTURE_PAYMENT, "a")).outcome(), saga::v1::EFFECT_OUTCOME_UNKNOWN) << "asked about another kind";
  EXPECT_EQ(ask(query(saga::v1::OPERATION_CAPTURE_PAYMENT, "never")).outcome(), saga::v1::EFFECT_OUTCOME_NOT_FOUND);
  EXPECT_EQ(ask(request_of(saga::v1::OPERATION_CAPTURE_PAYMENT, "c", "nothing")).code(), "PAYMENT_NOT_FOUND");
  ask(request_of(saga::v1::OPERATION_UNSPECIFIED, "k"));
}

}  // namespace
}  // namespace ordersaga::consumers
