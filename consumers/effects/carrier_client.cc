#include "consumers/effects/carrier_client.h"

#include <nlohmann/json.hpp>

#include "schemas/error_codes.h"

namespace ordersaga::consumers::carrier {

using runtime::http::Fate;
using runtime::http::percent_encode;
using saga::v1::EffectResult;

namespace {

std::string_view path(saga::v1::Operation operation) {
  switch (operation) {
    case saga::v1::OPERATION_BOOK_SHIPMENT:
      return "/v1/bookings";
    case saga::v1::OPERATION_HAND_OVER_SHIPMENT:
      return "/v1/handovers";
    default:
      return "/v1/cancellations";
  }
}

nlohmann::json booking(const saga::v1::EffectRequest& request) {
  nlohmann::json lines = nlohmann::json::array();
  for (const auto& line : request.lines()) lines.push_back({{"sku", line.sku()}, {"quantity", line.quantity()}});
  // The label needs the place; names, phones and e-mail addresses stay with us.
  return {{"shipment", request.subject_id()},
          {"destination", {{"postcode", request.destination().postcode()}, {"city", request.destination().city()}}},
          {"lines", std::move(lines)}};
}

void read_tracking(const nlohmann::json& in, EffectResult& result) {
  shipment::v1::TrackingStatus status = parse_tracking(in.at("status").get<std::string>());
  if (status == shipment::v1::TRACKING_STATUS_UNSPECIFIED) return set_unreadable(result, "an unknown tracking status");
  result.set_outcome(saga::v1::EFFECT_OUTCOME_SUCCEEDED);
  result.set_tracking_status(status);
  result.set_reference(in.at("booking").get<std::string>());
  result.set_tracking_number(in.at("tracking_number").get<std::string>());
}

void read_operation(const Asked& asked, const nlohmann::json& in, EffectResult& result) {
  if (in.at("key").get<std::string>() != asked.key || in.at("kind").get<std::string>() != kind(asked.operation))
    return set_unreadable(result, "it speaks of another operation");
  std::string status = in.at("status").get<std::string>();
  if (status != "done" && status != "refused") return set_unreadable(result, "status " + status);
  Operation operation;
  operation.id = in.at("id").get<std::string>();
  if (status == "refused") {
    operation.code = in.at("code").get<std::string>();
    operation.message = in.at("message").get<std::string>();
  } else if (asked.operation == saga::v1::OPERATION_BOOK_SHIPMENT) {
    operation.carrier = in.at("carrier").get<std::string>();
    operation.tracking_number = in.at("tracking_number").get<std::string>();
    operation.label_url = in.at("label_url").get<std::string>();
  }
  settle(operation, result);
}

}  // namespace

bool handles(saga::v1::Operation operation) {
  return operation == saga::v1::OPERATION_QUERY_SHIPMENT || operation == saga::v1::OPERATION_TRACK_SHIPMENT || !kind(operation).empty();
}

std::string_view kind(saga::v1::Operation operation) {
  switch (operation) {
    case saga::v1::OPERATION_BOOK_SHIPMENT:
      return "booking";
    case saga::v1::OPERATION_HAND_OVER_SHIPMENT:
      return "handover";
    case saga::v1::OPERATION_CANCEL_SHIPMENT:
      return "cancellation";
    default:
      return {};
  }
}

runtime::http::Request make_request(const saga::v1::EffectRequest& request) {
  saga::v1::Operation operation = request.operation();
  if (operation == saga::v1::OPERATION_QUERY_SHIPMENT)
    return {"GET", "/v1/operations/" + percent_encode(request.idempotency_key()), {}, {}};
  if (operation == saga::v1::OPERATION_TRACK_SHIPMENT) {
    const std::string& name = request.reference().empty() ? request.subject_id() : request.reference();
    return {"GET", "/v1/shipments/" + percent_encode(name) + "/tracking", {}, {}};
  }
  nlohmann::json body =
      operation == saga::v1::OPERATION_BOOK_SHIPMENT
          ? booking(request)
          : nlohmann::json{{"shipment", request.subject_id()}, {"reference", request.reference()}, {"target_key", request.target_key()}};
  return {"POST",
          std::string(path(operation)),
          {{"Idempotency-Key", request.idempotency_key()}, {"Content-Type", "application/json"}},
          body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

Asked asked(const saga::v1::EffectRequest& request) {
  bool query = request.operation() == saga::v1::OPERATION_QUERY_SHIPMENT;
  return {query ? request.queried() : request.operation(), request.idempotency_key()};
}

void read_answer(const Asked& asked, const runtime::http::Result& answer, EffectResult& result) {
  if (answer.fate == Fate::answered && answer.response.status == 404) {
    std::string code = parse_error(answer.response.body).code;
    if (is_query(result.operation()) && code == "unknown_key")
      return set_outcome(result, saga::v1::EFFECT_OUTCOME_NOT_FOUND, {}, std::move(code));
    if (result.operation() == saga::v1::OPERATION_TRACK_SHIPMENT && code == "unknown_booking")
      return set_outcome(result, saga::v1::EFFECT_OUTCOME_FAILED, error_code(code), code);
  }
  if (answer.fate != Fate::answered || answer.response.status != 200) return set_failure(result, answer, error_code);
  try {
    nlohmann::json in = nlohmann::json::parse(answer.response.body);
    if (result.operation() == saga::v1::OPERATION_TRACK_SHIPMENT)
      read_tracking(in, result);
    else
      read_operation(asked, in, result);
  } catch (const nlohmann::json::exception& error) {
    set_unreadable(result, error.what());
  }
}

void settle(const Operation& operation, EffectResult& result) {
  if (!operation.code.empty())
    return set_outcome(result, saga::v1::EFFECT_OUTCOME_FAILED, error_code(operation.code), operation.code + ": " + operation.message);
  result.set_outcome(saga::v1::EFFECT_OUTCOME_SUCCEEDED);
  result.set_reference(operation.id);
  result.set_carrier(operation.carrier);
  result.set_tracking_number(operation.tracking_number);
  result.set_label_url(operation.label_url);
}

shipment::v1::TrackingStatus parse_tracking(std::string_view name) {
  shipment::v1::TrackingStatus status;
  if (shipment::v1::TrackingStatus_Parse("TRACKING_STATUS_" + std::string(name), &status)) return status;
  return shipment::v1::TRACKING_STATUS_UNSPECIFIED;
}

std::string_view error_code(std::string_view carrier_code) {
  struct Meaning {
    std::string_view theirs, ours;
  };
  static constexpr Meaning kMeanings[] = {
      {"unknown_booking", error::kShipmentNotFound},
      {"already_handed_over", error::kCancellationWindowClosed},
      {"booking_cancelled", error::kInvalidTransition},
      {"cancelled_before_booking", error::kInvalidTransition},
      {"idempotency_key_mismatch", error::kIdempotencyKeyMismatch},
  };
  for (const Meaning& m : kMeanings)
    if (m.theirs == carrier_code) return m.ours;
  return error::kInvalidArgument;  // no_service, invalid_request: nobody will ever carry this
}

}  // namespace ordersaga::consumers::carrier
