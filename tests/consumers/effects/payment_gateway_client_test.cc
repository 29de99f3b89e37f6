// The gateway's API in terms of effects, and the rules of results.h, answer by answer.
#include "consumers/effects/payment_gateway_client.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "schemas/error_codes.h"
#include "tests/consumers/effects/requests.h"

namespace ordersaga::consumers::payment_gateway {
namespace {

using nlohmann::json;
using runtime::http::Fate;
using saga::v1::EffectOutcome;
using saga::v1::EffectResult;

constexpr auto kSucceeded = saga::v1::EFFECT_OUTCOME_SUCCEEDED;
constexpr auto kFailed = saga::v1::EFFECT_OUTCOME_FAILED;
constexpr auto kUnavailable = saga::v1::EFFECT_OUTCOME_UNAVAILABLE;
constexpr auto kUnknown = saga::v1::EFFECT_OUTCOME_UNKNOWN;
constexpr auto kNotFound = saga::v1::EFFECT_OUTCOME_NOT_FOUND;

EffectResult read(const saga::v1::EffectRequest& request, const runtime::http::Result& answer) {
  EffectResult result = result_for(request);
  read_answer(asked(request), answer, result);
  return result;
}

json operation(const char* kind, const char* key, const char* status = "done") {
  return {{"kind", kind},
          {"key", key},
          {"status", status},
          {"id", "x_7"},
          {"amount", {{"currency", "EUR"}, {"minor", 990}}},
          {"code", "insufficient_funds"},
          {"message", "no money"}};
}

std::string error_body(const char* code, bool nothing_done = false) {
  json error = {{"code", code}, {"message", "because"}};
  if (nothing_done) error["nothing_done"] = true;
  return json{{"error", error}}.dump();
}

TEST(GatewayRequest, says_what_to_do_once_and_under_which_key) {
  runtime::http::Request authorize = make_request(authorization("k1", "tok_x"));
  EXPECT_EQ(authorize.method + " " + authorize.target, "POST /v1/authorizations");
  EXPECT_EQ(authorize.header("Idempotency-Key"), "k1");
  EXPECT_EQ(json::parse(authorize.body),
            (json{{"payment", "o1.1"}, {"token", "tok_x"}, {"amount", {{"currency", "EUR"}, {"minor", 1'000}}}}));

  auto undo = request_of(saga::v1::OPERATION_VOID_PAYMENT, "k2", "k1");
  undo.set_reference("auth_1");
  EXPECT_EQ(make_request(undo).target, "/v1/voids");
  EXPECT_EQ(json::parse(make_request(undo).body), (json{{"payment", "o1.1"}, {"reference", "auth_1"}, {"target_key", "k1"}}));
  EXPECT_EQ(make_request(request_of(saga::v1::OPERATION_CAPTURE_PAYMENT, "k")).target, "/v1/captures");
  EXPECT_EQ(make_request(request_of(saga::v1::OPERATION_REFUND_PAYMENT, "k")).target, "/v1/refunds");

  runtime::http::Request ask = make_request(query(saga::v1::OPERATION_AUTHORIZE_PAYMENT, "a/b c"));
  EXPECT_EQ(ask.method + " " + ask.target, "GET /v1/operations/a%2Fb%20c");
}

TEST(GatewayAnswer, done_gives_reference_and_amount_and_belongs_to_the_request) {
  EffectResult result = read(authorization("k"), answered(200, operation("authorization", "k").dump()));
  EXPECT_EQ(result.outcome(), kSucceeded);
  EXPECT_EQ(result.reference(), "x_7");
  EXPECT_EQ(result.amount().currency_code(), "EUR");
  EXPECT_EQ(result.amount().amount_minor(), 990) << "what the gateway says, not what was asked";
  EXPECT_EQ(result.saga(), "saga-place_order-o1");
  EXPECT_EQ(result.step(), 3);
  EXPECT_EQ(result.attempt(), 2);
  EXPECT_TRUE(result.compensation());
  EXPECT_EQ(result.operation(), saga::v1::OPERATION_AUTHORIZE_PAYMENT);
}

TEST(GatewayAnswer, a_refusal_fails_with_our_code_and_the_gateways_words) {
  EffectResult result = read(authorization("k"), answered(402, operation("authorization", "k", "refused").dump()));
  EXPECT_EQ(result.outcome(), kFailed);
  EXPECT_EQ(result.code(), "PAYMENT_DECLINED");
  EXPECT_EQ(result.message(), "insufficient_funds: no money");
}

struct Case {
  const char* name;
  runtime::http::Result answer;
  EffectOutcome change;  // what it means for an authorization
  EffectOutcome query;   // and for the question what became of one
};

TEST(GatewayAnswer, means_what_the_table_says) {
  const Case cases[] = {
      {"bad request", answered(400, error_body("invalid_request")), kFailed, kUnknown},
      {"key mismatch", answered(422, error_body("idempotency_key_mismatch")), kFailed, kUnknown},
      {"conflict", answered(409, error_body("x")), kFailed, kUnknown},
      {"not allowed", answered(401, ""), kUnavailable, kUnknown},
      {"forbidden", answered(403, ""), kUnavailable, kUnknown},
      {"wrong path", answered(404, error_body("no_such_path")), kUnavailable, kUnknown},
      {"a proxy's 404", answered(404, "<html>"), kUnavailable, kUnknown},
      {"unknown key", answered(404, error_body("unknown_key")), kUnavailable, kNotFound},
      {"too many", answered(429, ""), kUnavailable, kUnknown},
      {"500", answered(500, error_body("internal_error")), kUnknown, kUnknown},
      {"502 of a proxy", answered(502, "<html>"), kUnknown, kUnknown},
      {"503 of a proxy", answered(503, ""), kUnknown, kUnknown},
      {"503 that knows", answered(503, error_body("unavailable", true)), kUnavailable, kUnknown},
      {"moved", answered(302, ""), kUnknown, kUnknown},
      {"no JSON", answered(200, "OK"), kUnknown, kUnknown},
      {"JSON of another kind", answered(200, "[]"), kUnknown, kUnknown},
      {"fields missing", answered(200, R"({"kind":"authorization","key":"k","status":"done"})"), kUnknown, kUnknown},
      {"another key's", answered(200, operation("authorization", "other").dump()), kUnknown, kUnknown},
      {"another kind's", answered(200, operation("capture", "k").dump()), kUnknown, kUnknown},
      {"a new status", answered(200, operation("authorization", "k", "pending").dump()), kUnknown, kUnknown},
      {"refused in a 200", answered(200, operation("authorization", "k", "refused").dump()), kFailed, kFailed},
      {"done", answered(200, operation("authorization", "k").dump()), kSucceeded, kSucceeded},
      {"not sent", lost(Fate::not_sent), kUnavailable, kUnknown},
      {"no answer", lost(Fate::unknown), kUnknown, kUnknown},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EffectResult change = read(authorization("k"), c.answer);
    EXPECT_EQ(change.outcome(), c.change);
    EXPECT_EQ(read(query(saga::v1::OPERATION_AUTHORIZE_PAYMENT, "k"), c.answer).outcome(), c.query);
    if (c.change == kSucceeded) continue;
    EXPECT_NE(find_error_code(change.code()), nullptr) << change.code() << " is not of the closed list";
    EXPECT_FALSE(change.message().empty());
  }
}

TEST(GatewayAnswer, a_refund_of_what_never_was_captured_finds_nothing) {
  auto refund = request_of(saga::v1::OPERATION_REFUND_PAYMENT, "k");
  EXPECT_EQ(read(refund, answered(404, error_body("nothing_captured"))).outcome(), kNotFound);
  EXPECT_EQ(read(refund, answered(404, error_body("unknown_key"))).outcome(), kUnavailable);
}

TEST(GatewayAnswer, a_void_of_nothing_has_no_amount) {
  json nothing = operation("void", "k");
  nothing["amount"] = {{"currency", ""}, {"minor", 0}};
  EffectResult result = read(request_of(saga::v1::OPERATION_VOID_PAYMENT, "k"), answered(200, nothing.dump()));
  EXPECT_EQ(result.outcome(), kSucceeded);
  EXPECT_FALSE(result.has_amount());
}

}  // namespace
}  // namespace ordersaga::consumers::payment_gateway
