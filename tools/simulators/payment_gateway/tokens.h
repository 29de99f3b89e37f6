// The magic tokens: what each makes the simulated gateway do. docs/simulators.md is this table for people.
#pragma once

#include <string_view>

#include "tools/simulators/payment_gateway/logic.h"

namespace ordersaga::simulators::payment_gateway {

enum class Effect : std::uint8_t {
  refuse,         // for good, with `code`
  slow,           // done, answered after Options::slow
  done_late,      // done, answered too late
  not_done_late,  // not done, answered too late
  unavailable,    // not done, said at once
  done_error,     // done, answered with an error that says nothing
};

// An authorization's token also rules what happens later to that authorization.
struct Behaviour {
  std::string_view token;
  Kind on;
  Effect effect;
  bool first_try_only;  // of a call; a repetition with its key behaves
  std::string_view code;
  std::string_view message;
};

inline constexpr Behaviour kBehaviours[] = {
    {"tok_declined", Kind::authorization, Effect::refuse, false, "insufficient_funds", "the account does not hold the amount"},
    {"tok_declined_expired", Kind::authorization, Effect::refuse, false, "card_expired", "the card has expired"},
    {"tok_slow", Kind::authorization, Effect::slow, true, {}, {}},
    {"tok_timeout_done", Kind::authorization, Effect::done_late, true, {}, {}},
    {"tok_timeout_not_done", Kind::authorization, Effect::not_done_late, false, {}, {}},
    {"tok_timeout_not_done_once", Kind::authorization, Effect::not_done_late, true, {}, {}},
    {"tok_error_then_ok", Kind::authorization, Effect::unavailable, true, {}, {}},
    {"tok_error_done", Kind::authorization, Effect::done_error, true, {}, {}},
    {"tok_capture_fails", Kind::capture, Effect::refuse, false, "capture_failed", "the card's bank refused the capture"},
    {"tok_capture_timeout_done", Kind::capture, Effect::done_late, true, {}, {}},
    {"tok_capture_timeout_not_done_once", Kind::capture, Effect::not_done_late, true, {}, {}},
    {"tok_void_fails_once", Kind::void_, Effect::unavailable, true, {}, {}},
    {"tok_void_fails", Kind::void_, Effect::refuse, false, "void_failed", "the gateway will not void this authorization"},
    {"tok_void_timeout_done", Kind::void_, Effect::done_late, true, {}, {}},
    {"tok_refund_fails", Kind::refund, Effect::refuse, false, "refund_failed", "the card's bank refused the refund"},
};

// Null: the token behaves in this kind of call.
constexpr const Behaviour* find_behaviour(std::string_view token, Kind on) {
  for (const Behaviour& b : kBehaviours)
    if (b.on == on && b.token == token) return &b;
  return nullptr;
}

}  // namespace ordersaga::simulators::payment_gateway
