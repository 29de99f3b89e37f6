#include "consumers/effects/http_effects.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "consumers/effects/carrier_client.h"
#include "consumers/effects/payment_gateway_client.h"
#include "consumers/effects/results.h"
#include "schemas/error_codes.h"

namespace ordersaga::consumers {
namespace {

using runtime::http::Client;
using runtime::http::Fate;
using runtime::http::Result;

// Of requests that name none.
constexpr std::chrono::milliseconds kDefaultTimeout = std::chrono::seconds(15);

// Turns the client's result into the effect's, and hands it on.
template <class Asked>
Client::Done translate(saga::v1::EffectResult result, Asked asked, void (*read)(const Asked&, const Result&, saga::v1::EffectResult&),
                       Effects::Done done) {
  return [result = std::move(result), asked = std::move(asked), read, done = std::move(done)](Result answer) mutable {
    if (answer.fate == Fate::cancelled) return;
    read(asked, answer, result);
    done(result);
  };
}

}  // namespace

HttpEffects::HttpEffects(HttpEffectsOptions options)
    : options_(std::move(options)),
      client_({.max_connections_per_host = options_.max_in_flight, .max_queued_per_host = options_.max_queued}) {}

void HttpEffects::start(const saga::v1::EffectRequest& request, Done done) {
  saga::v1::EffectResult result = result_for(request);
  std::chrono::milliseconds timeout(request.timeout_millis());
  if (timeout <= std::chrono::milliseconds::zero()) timeout = kDefaultTimeout;
  try {
    if (payment_gateway::handles(request.operation())) {
      client_.send(options_.payment_gateway, payment_gateway::make_request(request), timeout,
                   translate(result, payment_gateway::asked(request), payment_gateway::read_answer, done));
    } else if (carrier::handles(request.operation())) {
      client_.send(options_.carrier, carrier::make_request(request), timeout,
                   translate(result, carrier::asked(request), carrier::read_answer, done));
    } else {
      throw std::invalid_argument("nobody carries out operation " + std::to_string(request.operation()));
    }
  } catch (const std::invalid_argument& error) {
    // It cannot even be said in HTTP: no retry will change that.
    set_outcome(result, saga::v1::EFFECT_OUTCOME_FAILED, error::kInvalidArgument, error.what());
    client_.post([result = std::move(result), done = std::move(done)] { done(result); });
  }
}

}  // namespace ordersaga::consumers
