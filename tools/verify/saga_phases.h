// How far the sagas of a shard are, folded from their transitions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ordersaga/saga/v1/saga.pb.h"
#include "tools/verify/checker.h"

namespace ordersaga::verify {

enum class SagaPhase : std::uint8_t { forward, compensating, completed, failed, compensation_failed, parked };

// As the read model names them ("COMPENSATION_FAILED").
std::string_view name(SagaPhase phase);

// Live: it has a next step of its own.
constexpr bool is_live(SagaPhase phase) {
  return phase == SagaPhase::forward || phase == SagaPhase::compensating;
}
constexpr bool is_over(SagaPhase phase) {
  return phase == SagaPhase::completed || phase == SagaPhase::failed;
}

class SagaPhases {
 public:
  struct Saga {
    SagaPhase phase = SagaPhase::forward;
    // A call to the outside is recorded and its result is not.
    bool effect_outstanding = false;
    // When it looks again by itself, as its last record says.
    std::optional<Timestamp> wake_at;
  };

  void clear();
  // Ignores what is no record of a saga.
  void see(const LogEntry& entry);
  // By stream.
  const std::unordered_map<std::string, Saga>& sagas() const { return sagas_; }
  // Whether every saga of the order is over; false for an order without a saga.
  bool all_over(std::string_view order_id) const;

 private:
  std::unordered_map<std::string, Saga> sagas_;
  struct OfOrder {
    int started = 0;
    int over = 0;
  };
  std::unordered_map<std::string, OfOrder> orders_;
};

}  // namespace ordersaga::verify
