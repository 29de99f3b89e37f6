// Calls to the gateway's logic, short enough for tests.
#pragma once

#include "tools/simulators/payment_gateway/logic.h"

namespace ordersaga::simulators::payment_gateway {

inline constexpr Timestamp kStart{std::chrono::seconds(1'800'000'000)};

inline Call authorization(std::string key, std::int64_t minor = 1'000, std::string token = "tok_approved", std::string payment = "o1.1") {
  return {Kind::authorization, std::move(key), std::move(payment), {"EUR", minor}, std::move(token), {}, {}};
}
inline Call on(Kind kind, std::string key, std::string reference, std::int64_t minor = 1'000) {
  return {kind, std::move(key), "o1.1", {"EUR", minor}, {}, std::move(reference), {}};
}
inline Call by_key(Kind kind, std::string key, std::string target_key, std::int64_t minor = 1'000) {
  return {kind, std::move(key), "o1.1", {"EUR", minor}, {}, {}, std::move(target_key)};
}

// What the ledger says moved, in all.
inline std::int64_t sum(const Gateway& gateway, Kind kind) {
  std::int64_t total = 0;
  for (const LedgerEntry& entry : gateway.ledger())
    if (entry.kind == kind && entry.done()) total += entry.amount.minor;
  return total;
}

}  // namespace ordersaga::simulators::payment_gateway
