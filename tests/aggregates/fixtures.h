// The aggregates as given/when/then, tables and properties take them, and messages that are right.
#pragma once

#include <string>

#include "aggregates/order/order.h"
#include "aggregates/payment/payment.h"
#include "aggregates/reservation/reservation.h"
#include "aggregates/shipment/shipment.h"
#include "aggregates/stock/stock_item.h"
#include "tests/support/given_when_then.h"

namespace ordersaga::tests {

inline aggregates::stock::Levels two_skus() {
  aggregates::stock::Levels levels;
  levels["S1"]["ams"] = {.on_hand = 3, .reserved = 1};
  levels["S1"]["ber"] = {.on_hand = 4, .reserved = 0};
  levels["S2"]["ber"] = {.on_hand = 10, .reserved = 0};
  return levels;
}

struct Order {
  using State = aggregates::order::State;
  using Command = aggregates::order::Command;
  using Event = aggregates::order::Event;
  aggregates::stock::Levels levels = two_skus();

  aggregates::Decision<Event> decide(const Command& command, const State& state, const aggregates::Context& context) const {
    return aggregates::order::decide(command, state, {"ORD-00000007", &levels}, context);
  }
};

struct Reservation {
  using State = aggregates::reservation::State;
  using Command = aggregates::reservation::Command;
  using Event = aggregates::reservation::Event;
  aggregates::stock::Levels levels = two_skus();

  aggregates::Decision<Event> decide(const Command& command, const State& state, const aggregates::Context& context) const {
    return aggregates::reservation::decide(command, state, levels, context);
  }
};

struct Payment {
  using State = aggregates::payment::State;
  using Command = aggregates::payment::Command;
  using Event = aggregates::payment::Event;

  aggregates::Decision<Event> decide(const Command& command, const State& state, const aggregates::Context& context) const {
    return aggregates::payment::decide(command, state, context);
  }
};

struct Shipment {
  using State = aggregates::shipment::State;
  using Command = aggregates::shipment::Command;
  using Event = aggregates::shipment::Event;

  aggregates::Decision<Event> decide(const Command& command, const State& state, const aggregates::Context& context) const {
    return aggregates::shipment::decide(command, state, context);
  }
};

struct StockItem {
  using State = aggregates::stock::State;
  using Command = aggregates::stock::Command;
  using Event = aggregates::stock::Event;

  aggregates::Decision<Event> decide(const Command& command, const State& state, const aggregates::Context& context) const {
    return aggregates::stock::decide(command, state, context);
  }
};

inline ordersaga::order::v1::PlaceOrder place_order() {
  return proto<ordersaga::order::v1::PlaceOrder>(R"pb(
    order_id: "o1"
    customer_id: "c1"
    items {
      sku: "S1"
      quantity: 2
      unit_price { currency_code: "EUR" amount_minor: 1250 }
      product_id: "p1"
      name: "Kettle"
    }
    items {
      sku: "S2"
      quantity: 1
      unit_price { currency_code: "EUR" amount_minor: 499 }
    }
    shipping_address { name: "Ada" lines: "Main Street 1" postcode: "10115" city: "Berlin" country_code: "DE" }
    payment { method: PAYMENT_METHOD_CREDIT_CARD token: "tok_1" }
    shipping_method: "STANDARD"
  )pb");
}

inline ordersaga::order::v1::OrderPlaced order_placed() {
  return proto<ordersaga::order::v1::OrderPlaced>(R"pb(
    order_id: "o1"
    order_number: "ORD-00000007"
    customer_id: "c1"
    items {
      sku: "S1"
      quantity: 2
      unit_price { currency_code: "EUR" amount_minor: 1250 }
      product_id: "p1"
      name: "Kettle"
    }
    items {
      sku: "S2"
      quantity: 1
      unit_price { currency_code: "EUR" amount_minor: 499 }
    }
    totals { currency_code: "EUR" subtotal_minor: 2999 total_minor: 2999 }
    shipping_address { name: "Ada" lines: "Main Street 1" postcode: "10115" city: "Berlin" country_code: "DE" }
    billing_address { name: "Ada" lines: "Main Street 1" postcode: "10115" city: "Berlin" country_code: "DE" }
    payment { method: PAYMENT_METHOD_CREDIT_CARD token: "tok_1" }
    shipping_method: "STANDARD"
  )pb");
}

// Folds events, for the rows of tables.
template <class Aggregate, class... E>
typename Aggregate::State after(const E&... events) {
  typename Aggregate::State state;
  (evolve(state, typename Aggregate::Event(&events)), ...);
  return state;
}

}  // namespace ordersaga::tests
