// Effects over HTTP: the payment gateway and the carrier, each at its address.
#pragma once

#include "consumers/effects/effects.h"
#include "runtime/http/client.h"

namespace ordersaga::consumers {

struct HttpEffectsOptions {
  runtime::http::Endpoint payment_gateway;
  runtime::http::Endpoint carrier;
  // For each of the two: calls in flight, and calls that wait for one of them to end.
  std::size_t max_in_flight = 256;
  std::size_t max_queued = 65'536;
};

// Owns one thread, which calls Done. Requests without an answer when it is destroyed get no result: they are outstanding
// in the log, and will be made again with the same key.
class HttpEffects final : public Effects {
 public:
  explicit HttpEffects(HttpEffectsOptions options);

  void start(const saga::v1::EffectRequest& request, Done done) override;
  std::size_t in_flight() const override { return client_.in_flight(); }

 private:
  const HttpEffectsOptions options_;
  runtime::http::Client client_;
};

}  // namespace ordersaga::consumers
