#include "consumers/effects/results.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "schemas/error_codes.h"

namespace ordersaga::consumers {

using runtime::http::Fate;
using saga::v1::EffectOutcome;
using saga::v1::EffectResult;

namespace {

// What an absent or senseless answer means, by what was asked.
EffectOutcome without_word(saga::v1::Operation operation) {
  return operation == saga::v1::OPERATION_TRACK_SHIPMENT ? saga::v1::EFFECT_OUTCOME_UNAVAILABLE : saga::v1::EFFECT_OUTCOME_UNKNOWN;
}

EffectOutcome not_done(saga::v1::Operation operation) {
  return is_query(operation) ? saga::v1::EFFECT_OUTCOME_UNKNOWN : saga::v1::EFFECT_OUTCOME_UNAVAILABLE;
}

bool is_definite_no(int status) {
  return status == 400 || status == 402 || status == 409 || status == 413 || status == 422;
}

std::string text_of(const nlohmann::json& object, const char* name) {
  auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::string describe(int status, const ErrorBody& error) {
  std::string out = "HTTP " + std::to_string(status);
  if (!error.code.empty()) out += " " + error.code;
  if (!error.message.empty()) out += ": " + error.message;
  return out;
}

}  // namespace

EffectResult result_for(const saga::v1::EffectRequest& request) {
  EffectResult result;
  result.set_saga(request.saga());
  result.set_step(request.step());
  result.set_attempt(request.attempt());
  result.set_compensation(request.compensation());
  result.set_operation(request.operation());
  return result;
}

bool is_query(saga::v1::Operation operation) {
  return operation == saga::v1::OPERATION_QUERY_PAYMENT || operation == saga::v1::OPERATION_QUERY_SHIPMENT;
}

void set_outcome(EffectResult& result, EffectOutcome outcome, std::string_view code, std::string message) {
  result.set_outcome(outcome);
  result.set_code(std::string(code));
  result.set_message(std::move(message));
}

ErrorBody parse_error(std::string_view body) {
  nlohmann::json in = nlohmann::json::parse(body, nullptr, false);
  if (!in.is_object()) return {};
  auto error = in.find("error");
  // A refused operation has its code and message beside its other fields.
  const nlohmann::json& words = error != in.end() && error->is_object() ? *error : in;
  auto nothing = words.find("nothing_done");
  return {text_of(words, "code"), text_of(words, "message"), nothing != words.end() && *nothing == true};
}

void set_failure(EffectResult& result, const runtime::http::Result& answer, std::string_view (*refused)(std::string_view code)) {
  saga::v1::Operation operation = result.operation();
  if (answer.fate == Fate::not_sent) return set_outcome(result, not_done(operation), error::kDependencyUnavailable, answer.error);
  if (answer.fate != Fate::answered) return set_outcome(result, without_word(operation), error::kDependencyTimeout, answer.error);

  int status = answer.response.status;
  ErrorBody error = parse_error(answer.response.body);
  bool changes = !is_query(operation) && operation != saga::v1::OPERATION_TRACK_SHIPMENT;
  if (changes && is_definite_no(status)) {
    std::string words = error.code.empty() ? describe(status, error) : error.code + ": " + error.message;
    return set_outcome(result, saga::v1::EFFECT_OUTCOME_FAILED, refused(error.code), std::move(words));
  }
  bool untried = status / 100 == 4 || (status / 100 == 5 && error.nothing_done);
  set_outcome(result, untried ? not_done(operation) : without_word(operation), error::kDependencyUnavailable, describe(status, error));
}

void set_unreadable(EffectResult& result, std::string why) {
  set_outcome(result, without_word(result.operation()), error::kDependencyUnavailable, "the answer makes no sense: " + std::move(why));
}

}  // namespace ordersaga::consumers
