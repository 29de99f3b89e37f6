// What holds for every sequence of commands, whatever they are.
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <random>

#include "aggregates/text.h"
#include "tests/aggregates/arbitrary_message.h"
#include "tests/aggregates/fixtures.h"

namespace ordersaga::tests {
namespace {

using aggregates::Arena;
using aggregates::Context;
using aggregates::Decision;
using aggregates::Events;
using aggregates::Message;
using aggregates::Rejection;

std::uint64_t below(std::mt19937_64& random, std::uint64_t n) {
  return random() % n;
}

template <class Event>
std::string bytes_of(const Decision<Event>& decision) {
  std::string bytes;
  if (const auto* rejection = std::get_if<Rejection>(&decision)) {
    bytes = rejection->code + "\n" + rejection->message;
    for (const auto& detail : rejection->details)
      for (const auto& [key, value] : detail) bytes += "\n" + key + "=" + value;
    return bytes;
  }
  for (const Event& event : std::get<0>(decision))
    bytes += aggregates::message_of(event).GetTypeName() + "\n" + aggregates::message_of(event).SerializeAsString();
  return bytes;
}

// Whether every string in the message, at any depth, is text that Protobuf and Postgres take back.
bool is_all_text(const Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    int n = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < n; ++i) {
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE &&
          !is_all_text(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i) : reflection->GetMessage(message, field)))
        return false;
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING &&
          !aggregates::is_text(field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                                    : reflection->GetString(message, field)))
        return false;
    }
  }
  return true;
}

// Decides, checks what holds of every decision, and folds its events as a store would bring them back: from their bytes.
// Returns the number of events.
template <class Aggregate>
std::size_t decide_and_fold(const Aggregate& aggregate, const Message& message, typename Aggregate::State& state, Timestamp now) {
  typename Aggregate::Command command;
  RC_ASSERT(aggregates::narrow(message, command));
  Arena arena;
  Arena another;
  auto decision = aggregate.decide(command, state, Context{now, &arena});
  RC_ASSERT(bytes_of(decision) == bytes_of(aggregate.decide(command, state, Context{now, &another})));
  if (const auto* rejection = std::get_if<Rejection>(&decision)) {
    RC_ASSERT(find_error_code(rejection->code) != nullptr);
    RC_ASSERT(aggregates::is_text(rejection->message));
    return 0;
  }
  for (const auto& event : std::get<0>(decision)) {
    const Message& decided = aggregates::message_of(event);
    std::unique_ptr<Message> stored(decided.New());
    RC_ASSERT(is_all_text(decided));
    RC_ASSERT(stored->ParseFromString(decided.SerializeAsString()));
    typename Aggregate::Event again;
    RC_ASSERT(aggregates::narrow(*stored, again));
    evolve(state, again);
  }
  return std::get<0>(decision).size();
}

// --- orders

// Whether the spoiled command became an order.
bool place_spoiled(std::mt19937_64& random) {
  ordersaga::order::v1::PlaceOrder command = place_order();
  for (std::uint64_t i = below(random, 3); i > 0; --i) spoil(command, random);

  Order::State state;
  if (decide_and_fold(Order{}, command, state, kNow) == 0) return false;
  long double total = 0;  // exact up to 2^64, and says so when it is beyond
  for (const auto& item : command.items())
    total += static_cast<long double>(item.quantity()) * static_cast<long double>(item.unit_price().amount_minor());
  RC_ASSERT(total == static_cast<long double>(state.total_minor));
  RC_ASSERT(total > 0 && total <= aggregates::order::kMaxTotalMinor);
  RC_ASSERT(is_valid_id(command.order_id()));
  RC_ASSERT(!state.country_code.empty());
  return true;
}

RC_GTEST_PROP(PlaceOrder, of_whatever_is_sent_gives_an_order_or_a_coded_rejection, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  int placed = 0;
  for (int i = 0; i < 50; ++i) placed += place_spoiled(random);
  RC_ASSERT(placed > 0 && placed < 50);  // else the property would say little
}

std::unique_ptr<Message> any_order_command(std::mt19937_64& random) {
  namespace v1 = ordersaga::order::v1;
  switch (below(random, 12)) {
    case 0:
      return std::make_unique<v1::ValidateOrder>();
    case 1:
      return std::make_unique<v1::RejectOrder>();
    case 2:
      return std::make_unique<v1::ConfirmCancel>();
    case 3:
      return std::make_unique<v1::StartFulfilment>();
    case 4:
      return std::make_unique<v1::MarkOrderReady>();
    case 5:
      return std::make_unique<v1::MarkOrderShipped>();
    case 6:
      return std::make_unique<v1::MarkOrderDelivered>();
    case 7:
      return std::make_unique<v1::CompleteOrder>();
    case 8:
    case 9:
      return std::make_unique<v1::ConfirmOrder>();
    default:
      return std::make_unique<v1::PlaceOrder>(place_order());
  }
}

RC_GTEST_PROP(Order, only_ever_goes_where_it_is_allowed_to, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  Order::State state;
  for (int i = 0; i < 40; ++i) {
    auto before = state.status;
    std::size_t events = decide_and_fold(Order{}, *any_order_command(random), state, kNow);
    RC_ASSERT((events == 1) == (state.status != before));
    auto allowed = aggregates::order::allowed_next(before);
    RC_ASSERT(state.status == before || std::count(allowed.begin(), allowed.end(), state.status) == 1);
  }
}

// --- payments

std::unique_ptr<Message> any_payment_command(std::mt19937_64& random) {
  namespace v1 = ordersaga::payment::v1;
  if (below(random, 4) == 0) {
    return std::make_unique<v1::AuthorizePayment>(proto<v1::AuthorizePayment>(R"pb(
      payment_id: "o1.1"
      order_id: "o1"
      amount { currency_code: "EUR" amount_minor: 100 }
      instrument { method: PAYMENT_METHOD_TOKEN token: "tok" }
    )pb"));
  }
  auto command = std::make_unique<v1::RecordPaymentResult>();
  // Mostly what leads far: an early void or decline ends a payment.
  bool far = below(random, 8) != 0;
  constexpr v1::PaymentOperation kFar[] = {v1::PAYMENT_OPERATION_AUTHORIZE, v1::PAYMENT_OPERATION_CAPTURE, v1::PAYMENT_OPERATION_REFUND};
  command->set_operation(far ? kFar[below(random, 3)] : static_cast<v1::PaymentOperation>(below(random, 6)));
  command->set_result(far ? v1::PAYMENT_RESULT_DONE : static_cast<v1::PaymentResult>(below(random, 5)));
  command->set_reference("r" + std::to_string(below(random, 4)));
  command->mutable_amount()->set_currency_code(below(random, 20) == 0 ? "USD" : "EUR");
  std::int64_t amounts[] = {100, 100, 100, 50, 30, 101, 0, -1, INT64_MAX, INT64_MIN};
  command->mutable_amount()->set_amount_minor(amounts[below(random, 10)]);
  if (below(random, 10) == 0) spoil(*command, random);
  return command;
}

RC_GTEST_PROP(Payment, never_refunds_more_than_it_captured_nor_captures_more_than_was_authorized, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  Payment::State state;
  bool refunded = false;
  for (int i = 0; i < 60; ++i) {
    Payment::State before = state;
    decide_and_fold(Payment{}, *any_payment_command(random), state, kNow);
    RC_ASSERT(0 <= state.refunded && state.refunded <= state.captured);
    RC_ASSERT(state.captured <= state.authorized && state.authorized <= state.requested);
    // Money never flows back by itself, and an authorization is captured or voided, not both.
    RC_ASSERT(state.refunded >= before.refunded && state.captured >= before.captured && state.authorized >= before.authorized);
    RC_ASSERT(state.status != aggregates::payment::Status::voided || state.captured == 0);
    refunded = refunded || state.refunded > 0;
  }
  RC_CLASSIFY(refunded);
}

// --- shipments

std::unique_ptr<Message> any_shipment_command(std::mt19937_64& random) {
  namespace v1 = ordersaga::shipment::v1;
  switch (below(random, 8)) {
    case 0:
      return std::make_unique<v1::CreateShipment>(proto<v1::CreateShipment>(R"pb(
        shipment_id: "o1.1"
        order_id: "o1"
        lines { sku: "S1" quantity: 2 }
        destination { name: "Ada" lines: "Main Street 1" postcode: "10115" city: "Berlin" country_code: "DE" }
        carrier: "swift"
        booking_reference: "bk_1"
      )pb"));
    case 1:
      return std::make_unique<v1::RecordPack>();
    case 2:
      return std::make_unique<v1::DispatchShipment>();
    case 3:
      if (below(random, 6) == 0) return std::make_unique<v1::CancelShipment>();
      [[fallthrough]];
    default: {
      auto command = std::make_unique<v1::RecordTracking>();
      command->set_status(static_cast<v1::TrackingStatus>(below(random, 9)));
      return command;
    }
  }
}

RC_GTEST_PROP(Shipment, never_goes_back_and_ends_once, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  Shipment::State state;
  for (int i = 0; i < 60; ++i) {
    auto before = state;
    decide_and_fold(Shipment{}, *any_shipment_command(random), state, kNow);
    using S = aggregates::shipment::Status;
    RC_ASSERT(state.tracking >= before.tracking || (before.status == S::lost && state.status == S::delivered));
    RC_ASSERT(before.status != S::delivered || state.status == S::delivered);
    RC_ASSERT(before.status != S::cancelled || state.status == S::cancelled);
  }
}

// --- stock: many reservations against the same levels

struct Warehouse {
  aggregates::stock::Levels levels;
  std::map<std::string, aggregates::stock::State> items;
  std::vector<Reservation::State> reservations{12};
  std::map<std::string, std::int64_t> shipped;

  void fold(const Message& event) {
    for (const auto& delta : aggregates::stock::deltas(event)) {
      const auto& level = levels.add(delta);
      RC_ASSERT(level.on_hand >= 0 && level.reserved >= 0);
    }
  }

  // Decides, and folds the events into the levels as the turn does.
  template <class Aggregate>
  void decide(const Aggregate& aggregate, const Message& message, typename Aggregate::State& state) {
    typename Aggregate::Command command;
    RC_ASSERT(aggregates::narrow(message, command));
    Arena arena;
    auto decision = aggregate.decide(command, state, Context{kNow, &arena});
    if (!std::holds_alternative<Rejection>(decision))
      for (const auto& event : std::get<0>(decision)) {
        fold(aggregates::message_of(event));
        ship(aggregates::message_of(event));
      }
    decide_and_fold(aggregate, message, state, kNow);
  }

  void ship(const Message& event) {
    if (const auto* consumed = dynamic_cast<const ordersaga::inventory::v1::ReservationConsumed*>(&event))
      for (const auto& allocation : consumed->allocations()) shipped[allocation.sku()] += allocation.quantity();
  }

  void check() const {
    std::map<std::string, std::int64_t> held;
    for (const auto& reservation : reservations)
      for (const auto& allocation : reservation.allocations) held[allocation.sku] += allocation.quantity;
    for (const auto& [sku, item] : items) {
      std::int64_t on_hand = 0;
      std::int64_t reserved = 0;
      if (const auto* locations = levels.find(sku))
        for (const auto& [location, level] : *locations) {
          on_hand += level.on_hand;
          reserved += level.reserved;
        }
      auto count = [&](const auto& units) { return units.contains(sku) ? units.at(sku) : 0; };
      RC_ASSERT(on_hand + reserved + count(shipped) == item.received);
      RC_ASSERT(reserved == count(held));
    }
  }
};

std::string any_sku(std::mt19937_64& random) {
  return "S" + std::to_string(below(random, 4));
}

ordersaga::inventory::v1::ReserveStock any_reservation(std::mt19937_64& random) {
  ordersaga::inventory::v1::ReserveStock command;
  for (std::uint64_t i = below(random, 5) + 1; i > 0; --i) {
    auto& line = *command.add_lines();
    line.set_sku(any_sku(random));
    line.set_quantity(static_cast<std::int32_t>(below(random, 8)) + 1);
  }
  command.mutable_expires_at()->set_seconds(std::chrono::duration_cast<std::chrono::seconds>(kNow.time_since_epoch()).count() + 900);
  return command;
}

RC_GTEST_PROP(Stock, is_neither_made_nor_lost_and_never_below_zero, (std::uint64_t seed)) {
  namespace v1 = ordersaga::inventory::v1;
  std::mt19937_64 random(seed);
  Warehouse warehouse;
  for (int i = 0; i < 150; ++i) {
    auto& reservation = warehouse.reservations[below(random, warehouse.reservations.size())];
    Reservation deciding{warehouse.levels};
    switch (below(random, 8)) {
      case 0:
      case 1: {
        v1::ReceiveStock command;
        command.set_sku(any_sku(random));
        command.set_location("L" + std::to_string(below(random, 3)));
        command.set_quantity(static_cast<std::int64_t>(below(random, 12)));  // 0 is refused
        warehouse.decide(StockItem{}, command, warehouse.items[command.sku()]);
        break;
      }
      case 2:
      case 3:
        // Reservations end; another order takes the place.
        if (reservation.allocations.empty()) reservation = {};
        warehouse.decide(deciding, any_reservation(random), reservation);
        break;
      case 4:
      case 5:
        warehouse.decide(deciding, v1::CommitReservation(), reservation);
        break;
      case 6:
        warehouse.decide(deciding, v1::ReleaseStock(), reservation);
        break;
      default:
        warehouse.decide(deciding, v1::ConsumeReservation(), reservation);
    }
    warehouse.check();
  }
}

RC_GTEST_PROP(Reservation, gives_back_exactly_what_it_took, (std::uint64_t seed)) {
  namespace v1 = ordersaga::inventory::v1;
  std::mt19937_64 random(seed);
  Warehouse warehouse;
  for (int sku = 0; sku < 4; ++sku)
    for (int location = 0; location < 3; ++location)
      warehouse.levels["S" + std::to_string(sku)]["L" + std::to_string(location)].on_hand = static_cast<std::int64_t>(below(random, 10));
  const aggregates::stock::Levels before = warehouse.levels;

  warehouse.decide(Reservation{warehouse.levels}, any_reservation(random), warehouse.reservations[0]);
  RC_CLASSIFY(warehouse.reservations[0].status == aggregates::reservation::Status::reserved);
  if (below(random, 2) == 0) warehouse.decide(Reservation{warehouse.levels}, v1::CommitReservation(), warehouse.reservations[0]);
  warehouse.decide(Reservation{warehouse.levels}, v1::ReleaseStock(), warehouse.reservations[0]);
  for (const auto& [sku, locations] : before)
    for (const auto& [location, level] : locations) RC_ASSERT(*warehouse.levels.find(sku)->find(location) == level);
}

// --- every command of every aggregate, spoiled

template <class Aggregate, class... Commands>
void survive(std::mt19937_64& random, typename Aggregate::State state, const std::variant<const Commands*...>*) {
  auto one = [&](auto command) {
    spoil(command, random);
    decide_and_fold(Aggregate{}, command, state, kNow);
  };
  for (int i = 0; i < 3; ++i) (one(Commands()), ...);
}

RC_GTEST_PROP(Aggregates, answer_whatever_they_are_sent, (std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  google::protobuf::LogSilencer silent;
  survive<Order>(random, {}, static_cast<const Order::Command*>(nullptr));
  survive<Order>(random, after<Order>(order_placed()), static_cast<const Order::Command*>(nullptr));
  survive<Reservation>(random, {}, static_cast<const Reservation::Command*>(nullptr));
  survive<Payment>(random, {}, static_cast<const Payment::Command*>(nullptr));
  survive<Shipment>(random, {}, static_cast<const Shipment::Command*>(nullptr));
  survive<StockItem>(random, {}, static_cast<const StockItem::Command*>(nullptr));
}

}  // namespace
}  // namespace ordersaga::tests
