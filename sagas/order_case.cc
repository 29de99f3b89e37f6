#include "sagas/order_case.h"

#include <algorithm>
#include <charconv>

#include "sagas/definition.h"

namespace ordersaga::sagas {
namespace {

std::string joined(std::string_view kind, std::string_view id) {
  std::string s;
  s.reserve(kind.size() + id.size());
  return s.append(kind).append(id);
}

constexpr std::string_view kOrder = "order-", kReservation = "reservation-", kPayment = "payment-", kShipment = "shipment-",
                           kSaga = "saga-", kStock = "stock-";

// Splits "<key>.<n>".
std::optional<StreamName> numbered(StreamKind kind, std::string_view rest) {
  std::size_t dot = rest.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  StreamName name{.kind = kind, .key = rest.substr(0, dot), .number = 0, .definition = {}};
  const char* last = rest.data() + rest.size();
  auto [end, error] = std::from_chars(rest.data() + dot + 1, last, name.number);
  if (error != std::errc() || end != last || name.number < 1) return std::nullopt;
  return name;
}

template <class Event, class State>
bool fold(Versioned<State>& target, Version version, const aggregates::Message& message) {
  Event event;
  if (!aggregates::narrow(message, event)) return false;
  evolve(target.state, event);
  target.version = version;
  return true;
}

template <class State>
Versioned<State>& at_number(std::vector<Versioned<State>>& all, int number) {
  if (all.size() < static_cast<std::size_t>(number)) all.resize(static_cast<std::size_t>(number));
  return all[static_cast<std::size_t>(number) - 1];
}

}  // namespace

std::string order_stream(std::string_view order_id) {
  return joined(kOrder, order_id);
}
std::string reservation_stream(std::string_view order_id) {
  return joined(kReservation, order_id);
}
std::string payment_stream(std::string_view payment_id) {
  return joined(kPayment, payment_id);
}
std::string shipment_stream(std::string_view shipment_id) {
  return joined(kShipment, shipment_id);
}
std::string stock_stream(std::string_view sku) {
  return joined(kStock, sku);
}
std::string saga_stream(std::string_view definition, std::string_view order_id) {
  return joined(kSaga, definition).append("-").append(order_id);
}

std::optional<StreamName> parse_stream(std::string_view stream) {
  auto rest = [&](std::string_view prefix) { return stream.substr(prefix.size()); };
  auto plain = [&](StreamKind kind, std::string_view prefix) -> std::optional<StreamName> {
    if (rest(prefix).empty()) return std::nullopt;
    return StreamName{.kind = kind, .key = rest(prefix), .number = 0, .definition = {}};
  };
  if (stream.starts_with(kOrder)) return plain(StreamKind::order, kOrder);
  if (stream.starts_with(kReservation)) return plain(StreamKind::reservation, kReservation);
  if (stream.starts_with(kStock)) return plain(StreamKind::stock, kStock);
  if (stream.starts_with(kPayment)) return numbered(StreamKind::payment, rest(kPayment));
  if (stream.starts_with(kShipment)) return numbered(StreamKind::shipment, rest(kShipment));
  if (stream.starts_with(kSaga)) {
    // A definition's name has no '-'; an order id may.
    std::string_view tail = rest(kSaga);
    std::size_t dash = tail.find('-');
    if (dash == std::string_view::npos || dash + 1 == tail.size()) return std::nullopt;
    return StreamName{.kind = StreamKind::saga, .key = tail.substr(dash + 1), .number = 0, .definition = tail.substr(0, dash)};
  }
  return std::nullopt;
}

std::string_view stream_text(const StreamName& name, google::protobuf::Arena& arena) {
  constexpr std::string_view kPrefixes[] = {kOrder, kReservation, kPayment, kShipment, kSaga, kStock};
  std::string_view prefix = kPrefixes[static_cast<std::size_t>(name.kind)];
  constexpr std::size_t kLongestNumber = 12;  // and the dot
  std::size_t room = prefix.size() + name.definition.size() + 1 + name.key.size() + kLongestNumber;
  char* text = google::protobuf::Arena::CreateArray<char>(&arena, room);
  char* end = std::copy(prefix.begin(), prefix.end(), text);
  if (name.kind == StreamKind::saga) {
    end = std::copy(name.definition.begin(), name.definition.end(), end);
    *end++ = '-';
  }
  end = std::copy(name.key.begin(), name.key.end(), end);
  if (name.kind == StreamKind::payment || name.kind == StreamKind::shipment) {
    *end++ = '.';
    end = std::to_chars(end, text + room, name.number).ptr;
  }
  return {text, static_cast<std::size_t>(end - text)};
}

std::vector<std::string> streams_of_case(std::string_view order_id) {
  std::vector<std::string> streams;
  streams.reserve(4 + definitions().size());
  streams.push_back(order_stream(order_id));
  streams.push_back(reservation_stream(order_id));
  streams.push_back(payment_stream(order_id).append("."));
  streams.push_back(shipment_stream(order_id).append("."));
  for (const Definition* d : definitions()) streams.push_back(saga_stream(d->name, order_id));
  return streams;
}

bool apply(OrderCase& order_case, const StreamName& stream, Version version, const aggregates::Message& event, Timestamp recorded_at) {
  namespace agg = aggregates;
  if (stream.key != order_case.order_id) return false;
  switch (stream.kind) {
    case StreamKind::order:
      return fold<agg::order::Event>(order_case.order, version, event);
    case StreamKind::reservation:
      return fold<agg::reservation::Event>(order_case.reservation, version, event);
    case StreamKind::payment:
      return fold<agg::payment::Event>(at_number(order_case.payments, stream.number), version, event);
    case StreamKind::shipment:
      return fold<agg::shipment::Event>(at_number(order_case.shipments, stream.number), version, event);
    case StreamKind::saga: {
      std::optional<int> index = find_definition(stream.definition);
      if (!index || event.GetDescriptor() != v1::SagaAdvanced::descriptor()) return false;
      Versioned<SagaState>& saga = saga_of(order_case, *index);
      evolve(saga.state, *index, static_cast<const v1::SagaAdvanced&>(event), recorded_at);
      saga.version = version;
      return true;
    }
    case StreamKind::stock:
      return false;
  }
  return false;
}

Versioned<SagaState>& saga_of(OrderCase& order_case, int definition) {
  if (order_case.sagas.size() < definitions().size()) order_case.sagas.resize(definitions().size());
  return order_case.sagas[static_cast<std::size_t>(definition)];
}

const SagaState& state_of(const OrderCase& order_case, const Definition& definition) {
  static const SagaState untouched;
  for (std::size_t i = 0; i < order_case.sagas.size(); ++i)
    if (definitions()[i] == &definition) return order_case.sagas[i].state;
  return untouched;
}

}  // namespace ordersaga::sagas
