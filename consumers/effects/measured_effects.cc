#include "consumers/effects/measured_effects.h"

#include <chrono>
#include <string>
#include <utility>

namespace ordersaga::consumers {
namespace {

constexpr std::size_t kSucceeded = std::size(kErrorCodes), kNotFound = kSucceeded + 1, kOther = kSucceeded + 2;

const char* method_of(saga::v1::Operation operation) {
  switch (operation) {
    case saga::v1::OPERATION_AUTHORIZE_PAYMENT:
      return "payment_gateway.authorize";
    case saga::v1::OPERATION_CAPTURE_PAYMENT:
      return "payment_gateway.capture";
    case saga::v1::OPERATION_VOID_PAYMENT:
      return "payment_gateway.void";
    case saga::v1::OPERATION_REFUND_PAYMENT:
      return "payment_gateway.refund";
    case saga::v1::OPERATION_QUERY_PAYMENT:
      return "payment_gateway.query";
    case saga::v1::OPERATION_BOOK_SHIPMENT:
      return "carrier.book";
    case saga::v1::OPERATION_HAND_OVER_SHIPMENT:
      return "carrier.hand_over";
    case saga::v1::OPERATION_TRACK_SHIPMENT:
      return "carrier.track";
    case saga::v1::OPERATION_CANCEL_SHIPMENT:
      return "carrier.cancel";
    case saga::v1::OPERATION_QUERY_SHIPMENT:
      return "carrier.query";
    default:
      return "other";
  }
}

std::size_t index_of(const saga::v1::EffectResult& result) {
  if (result.outcome() == saga::v1::EFFECT_OUTCOME_SUCCEEDED) return kSucceeded;
  if (result.outcome() == saga::v1::EFFECT_OUTCOME_NOT_FOUND) return kNotFound;
  const ErrorCode* entry = find_error_code(result.code());
  return entry == nullptr ? kOther : static_cast<std::size_t>(entry - kErrorCodes);
}

std::string label_of(std::size_t code) {
  if (code == kSucceeded) return "OK";
  if (code == kNotFound) return "NOT_FOUND";
  return code == kOther ? "OTHER" : std::string(kErrorCodes[code].code);
}

}  // namespace

MeasuredEffects::MeasuredEffects(std::unique_ptr<Effects> effects, runtime::Metrics& metrics, const runtime::Clock& clock)
    : metrics_(metrics), clock_(clock), effects_(std::move(effects)) {}

void MeasuredEffects::start(const saga::v1::EffectRequest& request, Done done) {
  const auto began = clock_.steady();
  const saga::v1::Operation operation =
      saga::v1::Operation_IsValid(request.operation()) ? request.operation() : saga::v1::OPERATION_UNSPECIFIED;
  effects_->start(request, [this, began, operation, done = std::move(done)](const saga::v1::EffectResult& result) {
    series(operation, result).Observe(std::chrono::duration<double>(clock_.steady() - began).count());
    done(result);
  });
}

prometheus::Histogram& MeasuredEffects::series(saga::v1::Operation operation, const saga::v1::EffectResult& result) {
  const std::size_t code = index_of(result);
  std::atomic<prometheus::Histogram*>& place = series_.at(static_cast<std::size_t>(operation)).at(code);
  prometheus::Histogram* made = place.load(std::memory_order_acquire);
  if (made == nullptr) {
    made = &metrics_.histogram("rpc_duration_seconds", "Calls to the payment gateway and the carrier.", runtime::duration_bounds(),
                               {{"method", method_of(operation)}, {"code", label_of(code)}});
    place.store(made, std::memory_order_release);
  }
  return *made;
}

}  // namespace ordersaga::consumers
