// The payment gateway's API in terms of effects: a request as HTTP, an answer as a result. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "consumers/effects/results.h"
#include "ordersaga/saga/v1/effect.pb.h"
#include "runtime/http/client.h"

namespace ordersaga::consumers::payment_gateway {

bool handles(saga::v1::Operation operation);

// REQUIRES: handles(request.operation()).
runtime::http::Request make_request(const saga::v1::EffectRequest& request);

// What an answer must speak of, to be believed.
struct Asked {
  saga::v1::Operation operation;  // for queries: the one that is asked about
  std::string key;
};
Asked asked(const saga::v1::EffectRequest& request);

// Fills in outcome and findings. `result` is result_for() of the request.
void read_answer(const Asked& asked, const runtime::http::Result& answer, saga::v1::EffectResult& result);

// The gateway's "kind" of an operation; empty for operations that it does not have.
std::string_view kind(saga::v1::Operation operation);

// An operation that the gateway has carried out, or refused for good (then with a code).
struct Operation {
  std::string id;
  std::string currency;
  std::int64_t minor = 0;
  std::string code;
  std::string message;
};
void settle(const Operation& operation, saga::v1::EffectResult& result);

// The error code of ours that stands for a refusal of the gateway; its own word goes into the message.
std::string_view error_code(std::string_view gateway_code);

}  // namespace ordersaga::consumers::payment_gateway
