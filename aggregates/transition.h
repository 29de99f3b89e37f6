// The two ways in which an aggregate's state forbids a command.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "aggregates/decider.h"

namespace ordersaga::aggregates {

// `what` completes "… is not allowed": "CancelShipment". Details: the status, and one item for each allowed next one.
// Needs name(Status) of the aggregate's namespace.
template <class Status>
Rejection invalid_transition(std::string_view what, Status status, std::span<const Status> allowed) {
  Rejection rejection{std::string(error::kInvalidTransition), std::string(what), {}};
  rejection.message.append(" is not allowed in status ").append(name(status));
  rejection.details.push_back({{"status", std::string(name(status))}});
  for (Status next : allowed) rejection.details.push_back({{"allowed_next", std::string(name(next))}});
  return rejection;
}

// `code` is one of the …_NOT_FOUND, `what` the noun: "the order".
inline Rejection not_found(std::string_view code, std::string_view what) {
  return Rejection{std::string(code), std::string(what) + " does not exist", {}};
}

}  // namespace ordersaga::aggregates
