// The closed list of error codes: what replies, rejections, saga records and dead letters may carry as `code`.
// docs/errors.md is this table for people; a test keeps the two equal.
#pragma once

#include <string_view>

namespace ordersaga {

namespace error {

// The request itself is wrong.
inline constexpr std::string_view kInvalidArgument = "INVALID_ARGUMENT";
inline constexpr std::string_view kUnknownSku = "UNKNOWN_SKU";
inline constexpr std::string_view kCurrencyMismatch = "CURRENCY_MISMATCH";
inline constexpr std::string_view kIdempotencyKeyMismatch = "IDEMPOTENCY_KEY_MISMATCH";
// It came too late.
inline constexpr std::string_view kCommandExpired = "COMMAND_EXPIRED";
inline constexpr std::string_view kCommandTooOld = "COMMAND_TOO_OLD";
// What it speaks of does not exist.
inline constexpr std::string_view kOrderNotFound = "ORDER_NOT_FOUND";
inline constexpr std::string_view kReservationNotFound = "RESERVATION_NOT_FOUND";
inline constexpr std::string_view kPaymentNotFound = "PAYMENT_NOT_FOUND";
inline constexpr std::string_view kShipmentNotFound = "SHIPMENT_NOT_FOUND";
inline constexpr std::string_view kSagaNotFound = "SAGA_NOT_FOUND";
// Stock.
inline constexpr std::string_view kInventoryUnavailable = "INVENTORY_UNAVAILABLE";
inline constexpr std::string_view kReservationExpired = "RESERVATION_EXPIRED";
// Goods under way.
inline constexpr std::string_view kShipmentLost = "SHIPMENT_LOST";
// Money.
inline constexpr std::string_view kPaymentDeclined = "PAYMENT_DECLINED";
inline constexpr std::string_view kPaymentExpired = "PAYMENT_EXPIRED";
inline constexpr std::string_view kRefundExceedsCapture = "REFUND_EXCEEDS_CAPTURE";
inline constexpr std::string_view kPaymentOutcomeUnknown = "PAYMENT_OUTCOME_UNKNOWN";
// State.
inline constexpr std::string_view kInvalidTransition = "INVALID_TRANSITION";
inline constexpr std::string_view kVersionConflict = "VERSION_CONFLICT";
inline constexpr std::string_view kCancellationWindowClosed = "CANCELLATION_WINDOW_CLOSED";
inline constexpr std::string_view kRequestInProgress = "REQUEST_IN_PROGRESS";
// Ours, or of those we call.
inline constexpr std::string_view kStoreUnavailable = "STORE_UNAVAILABLE";
inline constexpr std::string_view kSerializationFailure = "SERIALIZATION_FAILURE";
inline constexpr std::string_view kDependencyUnavailable = "DEPENDENCY_UNAVAILABLE";
inline constexpr std::string_view kDependencyTimeout = "DEPENDENCY_TIMEOUT";
inline constexpr std::string_view kInternal = "INTERNAL";
// Who asks.
inline constexpr std::string_view kUnauthenticated = "UNAUTHENTICATED";
inline constexpr std::string_view kPermissionDenied = "PERMISSION_DENIED";
inline constexpr std::string_view kRateLimited = "RATE_LIMITED";

}  // namespace error

struct ErrorCode {
  std::string_view code;
  // Whether the same request, sent again later, may succeed.
  bool retryable;
  int http;
  // Name of the google.rpc.Code.
  std::string_view grpc;
  // What sagactl exits with.
  int exit;
};

inline constexpr ErrorCode kErrorCodes[] = {
    {error::kInvalidArgument, false, 400, "INVALID_ARGUMENT", 2},
    {error::kUnknownSku, false, 422, "INVALID_ARGUMENT", 2},
    {error::kCurrencyMismatch, false, 422, "INVALID_ARGUMENT", 2},
    {error::kIdempotencyKeyMismatch, false, 422, "INVALID_ARGUMENT", 2},
    {error::kCommandExpired, false, 410, "DEADLINE_EXCEEDED", 6},
    {error::kCommandTooOld, false, 410, "FAILED_PRECONDITION", 5},
    {error::kOrderNotFound, false, 404, "NOT_FOUND", 3},
    {error::kReservationNotFound, false, 404, "NOT_FOUND", 3},
    {error::kPaymentNotFound, false, 404, "NOT_FOUND", 3},
    {error::kShipmentNotFound, false, 404, "NOT_FOUND", 3},
    {error::kSagaNotFound, false, 404, "NOT_FOUND", 3},
    {error::kInventoryUnavailable, false, 409, "FAILED_PRECONDITION", 5},
    {error::kReservationExpired, false, 409, "FAILED_PRECONDITION", 5},
    {error::kShipmentLost, false, 409, "FAILED_PRECONDITION", 5},
    {error::kPaymentDeclined, false, 402, "FAILED_PRECONDITION", 5},
    {error::kPaymentExpired, false, 402, "FAILED_PRECONDITION", 5},
    {error::kRefundExceedsCapture, false, 409, "FAILED_PRECONDITION", 5},
    {error::kPaymentOutcomeUnknown, true, 409, "FAILED_PRECONDITION", 5},
    {error::kInvalidTransition, false, 409, "ABORTED", 5},
    {error::kVersionConflict, true, 409, "ABORTED", 5},
    {error::kCancellationWindowClosed, false, 409, "ABORTED", 5},
    {error::kRequestInProgress, false, 409, "ABORTED", 5},
    {error::kStoreUnavailable, true, 503, "UNAVAILABLE", 7},
    {error::kSerializationFailure, true, 503, "UNAVAILABLE", 7},
    {error::kDependencyUnavailable, true, 502, "UNAVAILABLE", 7},
    {error::kDependencyTimeout, true, 504, "UNAVAILABLE", 7},
    {error::kInternal, false, 500, "INTERNAL", 1},
    {error::kUnauthenticated, false, 401, "UNAUTHENTICATED", 4},
    {error::kPermissionDenied, false, 403, "PERMISSION_DENIED", 4},
    {error::kRateLimited, true, 429, "RESOURCE_EXHAUSTED", 4},
};

// Null for a code that is not of the list.
constexpr const ErrorCode* find_error_code(std::string_view code) {
  for (const ErrorCode& entry : kErrorCodes)
    if (entry.code == code) return &entry;
  return nullptr;
}

constexpr bool is_retryable(std::string_view code) {
  const ErrorCode* entry = find_error_code(code);
  return entry != nullptr && entry->retryable;
}

}  // namespace ordersaga
