#include "tools/sagactl/exit_code.h"

#include "schemas/error_codes.h"

namespace ordersaga::sagactl {

ExitCode exit_code_of(std::string_view error_code) {
  struct Row {
    std::string_view code;
    ExitCode exit;
  };
  static constexpr Row kRows[] = {
      {error::kInvalidArgument, ExitCode::usage},
      {error::kUnknownSku, ExitCode::usage},
      {error::kCurrencyMismatch, ExitCode::usage},
      {error::kIdempotencyKeyMismatch, ExitCode::usage},
      {error::kOrderNotFound, ExitCode::not_found},
      {error::kReservationNotFound, ExitCode::not_found},
      {error::kPaymentNotFound, ExitCode::not_found},
      {error::kShipmentNotFound, ExitCode::not_found},
      {error::kSagaNotFound, ExitCode::not_found},
      {error::kInventoryUnavailable, ExitCode::refused},
      {error::kReservationExpired, ExitCode::refused},
      {error::kPaymentDeclined, ExitCode::refused},
      {error::kPaymentExpired, ExitCode::refused},
      {error::kRefundExceedsCapture, ExitCode::refused},
      {error::kPaymentOutcomeUnknown, ExitCode::refused},
      {error::kInvalidTransition, ExitCode::refused},
      {error::kVersionConflict, ExitCode::refused},
      {error::kCancellationWindowClosed, ExitCode::refused},
      {error::kRequestInProgress, ExitCode::refused},
      {error::kStoreUnavailable, ExitCode::unreachable},
      {error::kSerializationFailure, ExitCode::unreachable},
      {error::kDependencyUnavailable, ExitCode::unreachable},
      {error::kDependencyTimeout, ExitCode::unreachable},
  };
  for (const Row& row : kRows)
    if (row.code == error_code) return row.exit;
  return ExitCode::failed;
}

}  // namespace ordersaga::sagactl
