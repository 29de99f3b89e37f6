// Effects whose calls are measured, from the request to its result: ordersaga_rpc_duration_seconds (docs/metrics.md).
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "consumers/effects/effects.h"
#include "runtime/clock.h"
#include "runtime/metrics.h"
#include "schemas/error_codes.h"

namespace ordersaga::consumers {

// What waits in the queue of `effects` counts as under way. Calls without a result are not measured.
class MeasuredEffects final : public Effects {
 public:
  // `metrics` and `clock` outlive this.
  MeasuredEffects(std::unique_ptr<Effects> effects, runtime::Metrics& metrics, const runtime::Clock& clock);

  void start(const saga::v1::EffectRequest& request, Done done) override;
  std::size_t in_flight() const override { return effects_->in_flight(); }

 private:
  // Codes of the list; then what succeeded, what a query did not find, and any other code.
  static constexpr std::size_t kCodes = std::size(kErrorCodes) + 3;

  prometheus::Histogram& series(saga::v1::Operation operation, const saga::v1::EffectResult& result);

  runtime::Metrics& metrics_;
  const runtime::Clock& clock_;
  // Made when they first move, by whichever thread; all of them get the same one.
  std::array<std::array<std::atomic<prometheus::Histogram*>, kCodes>, saga::v1::Operation_ARRAYSIZE> series_{};
  const std::unique_ptr<Effects> effects_;  // last: until it has ended, results come
};

}  // namespace ordersaga::consumers
