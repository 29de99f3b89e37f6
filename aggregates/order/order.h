// The order: what was bought, and how far it is. Stream order-<id>.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregates/decider.h"
#include "aggregates/packed.h"
#include "aggregates/stock/levels.h"
#include "ordersaga/common/v1/address.pb.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "ordersaga/order/v1/events.pb.h"

namespace ordersaga::aggregates::order {

namespace v1 = ordersaga::order::v1;

enum class Status : std::uint8_t { none, pending, rejected, confirmed, processing, ready, shipped, delivered, completed, cancelled };

// Canonical upper-case name ("PENDING"); "NONE" for an order that does not exist.
std::string_view name(Status status);

// Where an order may go from `status`; empty when it has ended.
std::span<const Status> allowed_next(Status status);

struct Line {
  std::string sku;
  std::int32_t quantity = 0;
  bool operator==(const Line&) const = default;
};

// Of what was placed it keeps what decisions, and the commands that sagas make, are made from: tens of thousands of orders
// are held at a time.
struct State {
  Status status = Status::none;
  std::string order_number;
  std::vector<Line> lines;
  std::string currency_code;
  std::int64_t total_minor = 0;
  v1::PaymentMethod payment_method = v1::PAYMENT_METHOD_UNSPECIFIED;
  std::string payment_token;
  std::string country_code;
  Packed<ordersaga::common::v1::Address> shipping_address;
};

using Command = OneOf<v1::PlaceOrder, v1::ValidateOrder, v1::RejectOrder, v1::ConfirmOrder, v1::StartFulfilment, v1::MarkOrderReady,
                      v1::MarkOrderShipped, v1::MarkOrderDelivered, v1::CompleteOrder, v1::ConfirmCancel>;
using Event = OneOf<v1::OrderPlaced, v1::OrderRejected, v1::OrderConfirmed, v1::FulfilmentStarted, v1::OrderReady, v1::OrderShipped,
                    v1::OrderDelivered, v1::OrderCompleted, v1::OrderCancelled>;

// What the decision to place an order sees beside the order: the number it would get, and which SKUs exist.
struct Facts {
  // ORD- and at least eight digits; REQUIRED of PlaceOrder.
  std::string order_number;
  // REQUIRED of PlaceOrder.
  const stock::Levels* levels = nullptr;
};

// Limits of PlaceOrder; each breach is INVALID_ARGUMENT (or UNKNOWN_SKU, CURRENCY_MISMATCH) with the field in its details.
inline constexpr int kMaxLines = 500;
inline constexpr int kMaxQuantity = 1'000'000;
inline constexpr std::size_t kMaxText = 4'096;     // notes
inline constexpr std::size_t kMaxShortText = 256;  // names, address lines, cities …
// A total may not exceed this, so that sums of totals stay far from overflow.
inline constexpr std::int64_t kMaxTotalMinor = 1'000'000'000'000'000;

// PlaceOrder refuses what breaks a limit above or names what does not exist, all breaches in one rejection. An id that is
// in use is INVALID_TRANSITION, not VERSION_CONFLICT: sending it again will never help (a repeated delivery never gets
// here, the inbox answers it).
//
// ValidateOrder is accepted without events while the order is PENDING and its country is one that we ship to; that is all
// that PlaceOrder leaves to it, because it may change between the two and is no mistake of the sender's.
//
// The other commands move the order along PENDING → CONFIRMED → PROCESSING → READY → SHIPPED → DELIVERED → COMPLETED, or
// off it: RejectOrder from PENDING, ConfirmCancel from CONFIRMED, PROCESSING and READY, both with a code and a reason that
// may come from elsewhere (a gateway) and are kept as kMaxShortText bytes of text. Each is accepted without events
// when the order is already there or further along (so doing it twice is harmless), and else refused with
// INVALID_TRANSITION whose details name the status and the allowed next ones; ORDER_NOT_FOUND when there is no order.
Decision<Event> decide(const Command& command, const State& state, const Facts& facts, const Context& context);
void evolve(State& state, const Event& event);

}  // namespace ordersaga::aggregates::order
