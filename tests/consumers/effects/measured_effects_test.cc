// ordersaga_rpc_duration_seconds: over the real simulators, and with the clock in the test's hand.
#include "consumers/effects/measured_effects.h"

#include <gtest/gtest.h>

#include <optional>

#include "consumers/effects/http_effects.h"
#include "tests/consumers/effects/requests.h"
#include "tools/simulators/carrier/server.h"
#include "tools/simulators/payment_gateway/server.h"

namespace ordersaga::consumers {
namespace {

using namespace std::chrono_literals;

bool shows(const runtime::Metrics& metrics, const std::string& part, const std::string& method, const std::string& code,
           const std::string& value) {
  return metrics.text().find("\nordersaga_rpc_duration_seconds_" + part + "{code=\"" + code + "\",method=\"" + method + "\"} " + value +
                             "\n") != std::string::npos;
}

TEST(MeasuredEffects, name_the_call_and_what_became_of_it) {
  runtime::SystemClock clock;
  std::optional<simulators::payment_gateway::GatewayServer> gateway(std::in_place, simulators::payment_gateway::ServerOptions{}, clock);
  simulators::carrier::CarrierServer carrier({}, clock);
  runtime::Metrics metrics;
  MeasuredEffects effects(std::make_unique<HttpEffects>(HttpEffectsOptions{{"127.0.0.1", gateway->port()}, {"127.0.0.1", carrier.port()}}),
                          metrics, clock);
  auto counted = [&](const char* method, const char* code, const char* calls) { return shows(metrics, "count", method, code, calls); };

  for (const char* key : {"a", "b"}) carry_out(effects, authorization(key));
  EXPECT_TRUE(counted("payment_gateway.authorize", "OK", "2")) << metrics.text();
  carry_out(effects, authorization("c", "tok_declined"));
  EXPECT_TRUE(counted("payment_gateway.authorize", "PAYMENT_DECLINED", "1")) << metrics.text();
  auto unanswered = authorization("d", "tok_timeout_not_done");
  unanswered.set_timeout_millis(50);
  carry_out(effects, unanswered);
  EXPECT_TRUE(counted("payment_gateway.authorize", "DEPENDENCY_TIMEOUT", "1")) << metrics.text();
  carry_out(effects, query(saga::v1::OPERATION_AUTHORIZE_PAYMENT, "d"));
  EXPECT_TRUE(counted("payment_gateway.query", "NOT_FOUND", "1")) << metrics.text();
  carry_out(effects, booking("e"));
  EXPECT_TRUE(counted("carrier.book", "OK", "1")) << metrics.text();
  gateway.reset();
  carry_out(effects, request_of(saga::v1::OPERATION_VOID_PAYMENT, "v", "a"));
  EXPECT_TRUE(counted("payment_gateway.void", "DEPENDENCY_UNAVAILABLE", "1")) << metrics.text();
  EXPECT_EQ(effects.in_flight(), 0U);
}

class HandClock final : public runtime::Clock {
 public:
  runtime::WallTime now() const override { return {}; }
  std::chrono::microseconds steady() const override { return time; }
  std::chrono::microseconds time{1};
};

// Answers when it is told to.
class Waiting final : public Effects {
 public:
  void start(const saga::v1::EffectRequest& request, Done done) override {
    result_ = result_for(request);
    done_ = std::move(done);
  }
  std::size_t in_flight() const override { return 1; }
  void answer(saga::v1::EffectOutcome outcome, std::string code) {
    set_outcome(result_, outcome, code, {});
    done_(result_);
  }

 private:
  saga::v1::EffectResult result_;
  Done done_;
};

TEST(MeasuredEffects, measure_from_the_request_to_its_result_and_hand_that_on) {
  HandClock clock;
  runtime::Metrics metrics;
  auto owned = std::make_unique<Waiting>();
  Waiting& calls = *owned;
  MeasuredEffects effects(std::move(owned), metrics, clock);
  Collector collector;
  effects.start(authorization("a"), collector.done());
  EXPECT_EQ(effects.in_flight(), 1U);
  EXPECT_EQ(metrics.text().find("rpc_duration"), std::string::npos);
  clock.time += 3s;
  calls.answer(saga::v1::EFFECT_OUTCOME_FAILED, "a word of nobody's list");
  EXPECT_TRUE(shows(metrics, "sum", "payment_gateway.authorize", "OTHER", "3")) << metrics.text();
  EXPECT_EQ(collector.wait(1).front().code(), "a word of nobody's list");
}

}  // namespace
}  // namespace ordersaga::consumers
