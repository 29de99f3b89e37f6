// What the demo orders are: how many of each kind, what is ordered, and what must become of each. Pure: the same run id
// and number give the same plan.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ordersaga/common/v1/reply.pb.h"
#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/order/v1/commands.pb.h"

namespace ordersaga::demo {

enum class End { open, completed, rejected, cancelled };
std::string_view name_of(End end);

// Orders that go the same way. The token is one of the payment gateway simulator's magic ones.
struct Kind {
  std::string_view name;
  int per_thousand;
  std::string_view token;
  bool short_of_stock;
  End end;
  // Of the rejection; empty otherwise.
  std::string_view code;
};

inline constexpr Kind kKinds[] = {
    {"approved", 770, "tok_approved", false, End::completed, ""},
    {"declined", 100, "tok_declined", false, End::rejected, "PAYMENT_DECLINED"},
    {"short of stock", 50, "tok_approved", true, End::rejected, "INVENTORY_UNAVAILABLE"},
    {"gateway slow", 20, "tok_slow", false, End::completed, ""},
    {"gateway error, then well", 30, "tok_error_then_ok", false, End::completed, ""},
    {"gateway silent, was done", 10, "tok_timeout_done", false, End::completed, ""},
    {"gateway silent, was not done", 10, "tok_timeout_not_done_once", false, End::completed, ""},
    {"gateway silent each time", 10, "tok_timeout_not_done", false, End::rejected, "DEPENDENCY_UNAVAILABLE"},
};
inline constexpr std::size_t kKindCount = std::size(kKinds);

// Outcome of the reply that its sender must get.
common::v1::Outcome expected_reply(const Kind& kind);

struct PlannedOrder {
  std::size_t kind = 0;  // index in kKinds
  order::v1::PlaceOrder command;
};

struct Plan {
  std::vector<PlannedOrder> orders;
  // Enough for all orders that are not meant to run short, at two locations, so that some lines are taken from both.
  std::vector<inventory::v1::ReceiveStock> receipts;
};

// `run` is part of the ids; two runs on one system must differ in it.
Plan make_plan(std::string_view run, std::size_t orders);

}  // namespace ordersaga::demo
