// Calls to the outside (payment gateway, carrier), as the orchestrator sees them.
#pragma once

#include <cstddef>
#include <functional>

#include "ordersaga/saga/v1/effect.pb.h"

namespace ordersaga::consumers {

// Carries out effect requests, many at a time. Every request gets exactly one result, unless the process ends first.
// A call without an answer within the request's timeout_millis gives EFFECT_OUTCOME_UNKNOWN (or UNAVAILABLE when nothing
// can have been done: the connection was refused).
class Effects {
 public:
  // Called once for each request, from any thread, never from within start().
  using Done = std::function<void(const saga::v1::EffectResult&)>;

  virtual ~Effects() = default;
  // Never blocks; queues when too many are in flight. The saga, step, attempt and compensation of the result are those
  // of the request.
  virtual void start(const saga::v1::EffectRequest& request, Done done) = 0;
  virtual std::size_t in_flight() const = 0;
};

}  // namespace ordersaga::consumers
