#include "consumers/effects/payment_gateway_client.h"

#include <nlohmann/json.hpp>

#include "schemas/error_codes.h"

namespace ordersaga::consumers::payment_gateway {

using runtime::http::Fate;
using saga::v1::EffectResult;

namespace {

std::string_view path(saga::v1::Operation operation) {
  switch (operation) {
    case saga::v1::OPERATION_AUTHORIZE_PAYMENT:
      return "/v1/authorizations";
    case saga::v1::OPERATION_CAPTURE_PAYMENT:
      return "/v1/captures";
    case saga::v1::OPERATION_VOID_PAYMENT:
      return "/v1/voids";
    default:
      return "/v1/refunds";
  }
}

}  // namespace

bool handles(saga::v1::Operation operation) {
  return operation == saga::v1::OPERATION_QUERY_PAYMENT || !kind(operation).empty();
}

std::string_view kind(saga::v1::Operation operation) {
  switch (operation) {
    case saga::v1::OPERATION_AUTHORIZE_PAYMENT:
      return "authorization";
    case saga::v1::OPERATION_CAPTURE_PAYMENT:
      return "capture";
    case saga::v1::OPERATION_VOID_PAYMENT:
      return "void";
    case saga::v1::OPERATION_REFUND_PAYMENT:
      return "refund";
    default:
      return {};
  }
}

runtime::http::Request make_request(const saga::v1::EffectRequest& request) {
  if (request.operation() == saga::v1::OPERATION_QUERY_PAYMENT)
    return {"GET", "/v1/operations/" + runtime::http::percent_encode(request.idempotency_key()), {}, {}};
  nlohmann::json body = {{"payment", request.subject_id()}};
  if (request.operation() != saga::v1::OPERATION_VOID_PAYMENT)
    body["amount"] = {{"currency", request.amount().currency_code()}, {"minor", request.amount().amount_minor()}};
  if (request.operation() == saga::v1::OPERATION_AUTHORIZE_PAYMENT) {
    body["token"] = request.payment_token();
  } else {
    body["reference"] = request.reference();
    body["target_key"] = request.target_key();
  }
  return {"POST",
          std::string(path(request.operation())),
          {{"Idempotency-Key", request.idempotency_key()}, {"Content-Type", "application/json"}},
          body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

Asked asked(const saga::v1::EffectRequest& request) {
  bool query = request.operation() == saga::v1::OPERATION_QUERY_PAYMENT;
  return {query ? request.queried() : request.operation(), request.idempotency_key()};
}

void read_answer(const Asked& asked, const runtime::http::Result& answer, EffectResult& result) {
  if (answer.fate == Fate::answered && answer.response.status == 404) {
    std::string code = parse_error(answer.response.body).code;
    bool never_seen = is_query(result.operation()) && code == "unknown_key";
    bool never_captured = result.operation() == saga::v1::OPERATION_REFUND_PAYMENT && code == "nothing_captured";
    if (never_seen || never_captured) return set_outcome(result, saga::v1::EFFECT_OUTCOME_NOT_FOUND, {}, std::move(code));
  }
  if (answer.fate != Fate::answered || answer.response.status != 200) return set_failure(result, answer, error_code);
  try {
    nlohmann::json in = nlohmann::json::parse(answer.response.body);
    if (in.at("key").get<std::string>() != asked.key || in.at("kind").get<std::string>() != kind(asked.operation))
      return set_unreadable(result, "it speaks of another operation");
    std::string status = in.at("status").get<std::string>();
    if (status != "done" && status != "refused") return set_unreadable(result, "status " + status);
    Operation operation{in.at("id").get<std::string>(),
                        in.at("amount").at("currency").get<std::string>(),
                        in.at("amount").at("minor").get<std::int64_t>(),
                        {},
                        {}};
    if (status == "refused") {
      operation.code = in.at("code").get<std::string>();
      operation.message = in.at("message").get<std::string>();
    }
    settle(operation, result);
  } catch (const nlohmann::json::exception& error) {
    set_unreadable(result, error.what());
  }
}

void settle(const Operation& operation, EffectResult& result) {
  if (!operation.code.empty())
    return set_outcome(result, saga::v1::EFFECT_OUTCOME_FAILED, error_code(operation.code), operation.code + ": " + operation.message);
  result.set_outcome(saga::v1::EFFECT_OUTCOME_SUCCEEDED);
  result.set_reference(operation.id);
  if (operation.currency.empty()) return;
  result.mutable_amount()->set_currency_code(operation.currency);
  result.mutable_amount()->set_amount_minor(operation.minor);
}

std::string_view error_code(std::string_view gateway_code) {
  struct Meaning {
    std::string_view theirs, ours;
  };
  static constexpr Meaning kMeanings[] = {
      {"authorization_expired", error::kPaymentExpired},
      {"authorization_voided", error::kInvalidTransition},
      {"voided_before_authorization", error::kInvalidTransition},
      {"refunded_before_capture", error::kInvalidTransition},
      {"already_captured", error::kInvalidTransition},
      {"void_failed", error::kInvalidTransition},
      {"refund_failed", error::kInvalidTransition},
      {"unknown_authorization", error::kPaymentNotFound},
      {"unknown_capture", error::kPaymentNotFound},
      {"refund_exceeds_capture", error::kRefundExceedsCapture},
      {"currency_mismatch", error::kCurrencyMismatch},
      {"idempotency_key_mismatch", error::kIdempotencyKeyMismatch},
      {"invalid_request", error::kInvalidArgument},
  };
  for (const Meaning& m : kMeanings)
    if (m.theirs == gateway_code) return m.ours;
  return error::kPaymentDeclined;
}

}  // namespace ordersaga::consumers::payment_gateway
