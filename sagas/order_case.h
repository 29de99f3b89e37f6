// Everything of one order: its aggregates and its sagas, folded from their streams. All of it lives in the order's shard,
// so one turn sees and changes it whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregates/order/order.h"
#include "aggregates/payment/payment.h"
#include "aggregates/reservation/reservation.h"
#include "aggregates/shipment/shipment.h"
#include "aggregates/stock/stock_item.h"
#include "sagas/saga_state.h"

namespace ordersaga::sagas {

struct Definition;

template <class State>
struct Versioned {
  State state;
  Version version;
};

struct OrderCase {
  std::string order_id;
  Versioned<aggregates::order::State> order;
  Versioned<aggregates::reservation::State> reservation;
  // Index i holds payment-<id>.<i+1>.
  std::vector<Versioned<aggregates::payment::State>> payments;
  std::vector<Versioned<aggregates::shipment::State>> shipments;
  // In the order of definitions().
  std::vector<Versioned<SagaState>> sagas;
};

// Names of streams. A stream's key, and so its shard, follow from its name.
std::string order_stream(std::string_view order_id);
std::string reservation_stream(std::string_view order_id);
std::string payment_stream(std::string_view payment_id);    // payment id: <order id>.<n>
std::string shipment_stream(std::string_view shipment_id);  // shipment id: <order id>.<n>
std::string saga_stream(std::string_view definition, std::string_view order_id);
std::string stock_stream(std::string_view sku);

enum class StreamKind : std::uint8_t { order, reservation, payment, shipment, saga, stock };

// What a stream's name says. key: order id or SKU; number: n of payments and shipments; definition: of sagas.
struct StreamName {
  StreamKind kind;
  std::string_view key;
  int number = 0;
  std::string_view definition;
};
std::optional<StreamName> parse_stream(std::string_view stream);
// The name's text, in the arena: it costs no allocation of its own.
std::string_view stream_text(const StreamName& name, google::protobuf::Arena& arena);

// The streams to load for an order, as EventStore's read_streams takes them.
std::vector<std::string> streams_of_case(std::string_view order_id);

// Folds one event of one of the case's streams into it. Returns false for a stream or a type that the case does not know.
bool apply(OrderCase& order_case, const StreamName& stream, Version version, const aggregates::Message& event, Timestamp recorded_at);

// The case's saga of a definition; untouched (phase none) when it has not begun.
Versioned<SagaState>& saga_of(OrderCase& order_case, int definition);
// The same, to read. REQUIRES: the definition is one of definitions().
const SagaState& state_of(const OrderCase& order_case, const Definition& definition);

}  // namespace ordersaga::sagas
