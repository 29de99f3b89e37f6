// The gateway and the carrier without their HTTP: effect requests in, effect results out. What HTTP would say about the
// same request comes out here too (a test holds the two together).
#pragma once

#include <chrono>

#include "ordersaga/saga/v1/effect.pb.h"
#include "schemas/ids.h"
#include "tools/simulators/carrier/logic.h"
#include "tools/simulators/payment_gateway/logic.h"

namespace ordersaga::simulators {

// A result, and how long after the request its sender has it.
struct TimedResult {
  saga::v1::EffectResult result;
  std::chrono::milliseconds after{};
};

// The same requests at the same times give the same results. One thread at a time.
class Participants {
 public:
  explicit Participants(payment_gateway::Options gateway = {}, carrier::Options carrier = {}) : gateway_(gateway), carrier_(carrier) {}

  // What is done is done now. An answer that would take the request's timeout or longer is none: the result is unknown
  // (of queries too; of tracking: unavailable), after the timeout.
  TimedResult answer(const saga::v1::EffectRequest& request, Timestamp now);

  payment_gateway::Gateway& gateway() { return gateway_; }
  const payment_gateway::Gateway& gateway() const { return gateway_; }
  carrier::Carrier& carrier() { return carrier_; }
  const carrier::Carrier& carrier() const { return carrier_; }

 private:
  std::chrono::milliseconds ask_gateway(const saga::v1::EffectRequest& request, Timestamp now, saga::v1::EffectResult& result);
  std::chrono::milliseconds ask_carrier(const saga::v1::EffectRequest& request, Timestamp now, saga::v1::EffectResult& result);

  payment_gateway::Gateway gateway_;
  carrier::Carrier carrier_;
};

}  // namespace ordersaga::simulators
