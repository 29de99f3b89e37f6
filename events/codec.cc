#include "events/codec.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <unordered_map>

#include "events/errors.h"
#include "events/upcasters.h"
#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/inventory/v1/events.pb.h"
#include "ordersaga/log/v1/record.pb.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/commands.pb.h"
#include "ordersaga/payment/v1/events.pb.h"
#include "ordersaga/saga/v1/effect.pb.h"
#include "ordersaga/saga/v1/saga.pb.h"
#include "ordersaga/shipment/v1/commands.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"

namespace ordersaga::events {

namespace {

namespace inventory = ordersaga::inventory::v1;
namespace log = ordersaga::log::v1;
namespace order = ordersaga::order::v1;
namespace payment = ordersaga::payment::v1;
namespace saga = ordersaga::saga::v1;
namespace shipment = ordersaga::shipment::v1;

using google::protobuf::Arena;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MessageFactory;

template <class M>
RecordType type(std::int16_t number) {
  return {TypeNumber(number), M::descriptor()};
}

// THE table, ascending by number. A hundred for each context leaves it room to grow.
const std::vector<RecordType>& table() {
  static const std::vector<RecordType> types = {
      type<order::OrderPlaced>(101),
      type<order::OrderRejected>(102),
      type<order::OrderConfirmed>(103),
      type<order::FulfilmentStarted>(104),
      type<order::OrderReady>(105),
      type<order::OrderShipped>(106),
      type<order::OrderDelivered>(107),
      type<order::OrderCompleted>(108),
      type<order::OrderCancelled>(109),
      type<inventory::StockReserved>(201),
      type<inventory::StockReservationRejected>(202),
      type<inventory::ReservationCommitted>(203),
      type<inventory::StockReleased>(204),
      type<inventory::ReservationConsumed>(205),
      type<inventory::StockReceived>(206),
      type<payment::PaymentRequested>(301),
      type<payment::PaymentAuthorized>(302),
      type<payment::PaymentDeclined>(303),
      type<payment::PaymentOutcomeUnknown>(304),
      type<payment::AuthorizationVoided>(305),
      type<payment::PaymentCaptured>(306),
      type<payment::PaymentCaptureFailed>(307),
      type<payment::PaymentRefunded>(308),
      type<payment::RefundFailed>(309),
      type<shipment::ShipmentCreated>(401),
      type<shipment::ShipmentPacked>(402),
      type<shipment::ShipmentDispatched>(403),
      type<shipment::ShipmentTrackingUpdated>(404),
      type<shipment::ShipmentDelivered>(405),
      type<shipment::ShipmentLost>(406),
      type<shipment::ShipmentCancelled>(407),
      type<saga::SagaAdvanced>(501),
      type<log::InputRecord>(601),
      type<log::NeighbourRequest>(602),
  };
  return types;
}

// Linked in from static libraries only when something of them is used; commands are found by name alone.
void link_commands() {
  [[maybe_unused]] static const std::array<const Descriptor*, 5> used = {
      order::PlaceOrder::descriptor(), inventory::ReserveStock::descriptor(), payment::AuthorizePayment::descriptor(),
      shipment::CreateShipment::descriptor(), saga::EffectResult::descriptor()};
}

}  // namespace

std::span<const RecordType> record_types() {
  return table();
}

TypeNumber number_of(const Descriptor* descriptor) {
  static const auto numbers = [] {
    std::unordered_map<const Descriptor*, TypeNumber> all;
    for (const RecordType& t : table()) all.emplace(t.descriptor, t.number);
    return all;
  }();
  auto found = numbers.find(descriptor);
  assert(found != numbers.end());
  if (found == numbers.end()) throw std::logic_error(descriptor->full_name() + " has no number in the log");
  return found->second;
}

const Descriptor* type_of(TypeNumber number) {
  const auto& types = table();
  auto found = std::lower_bound(types.begin(), types.end(), number, [](const RecordType& t, TypeNumber n) { return t.number < n; });
  return found != types.end() && found->number == number ? found->descriptor : nullptr;
}

const Descriptor* find_message(std::string_view full_name) {
  link_commands();
  return DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(full_name));
}

Message* make_message(const Descriptor* descriptor, Arena* arena) {
  const Message* prototype = MessageFactory::generated_factory()->GetPrototype(descriptor);
  assert(prototype != nullptr);
  return prototype->New(arena);
}

std::uint32_t schema_version_of(const Descriptor* descriptor) {
  return latest_schema_version(descriptor);
}

Message* decode(const RecordedEvent& record, Arena* arena) {
  auto place = [&] { return "record " + std::to_string(record.position.value) + " of shard " + std::to_string(record.shard.value); };
  const Descriptor* descriptor = type_of(record.type);
  if (descriptor == nullptr)
    throw BadData(place() + " has the type number " + std::to_string(record.type.value) + ", which this program does not know");
  Message* message = make_message(descriptor, arena);
  if (!message->ParseFromString(record.payload)) throw BadData(place() + " is no " + descriptor->full_name());
  std::uint32_t latest = latest_schema_version(descriptor);
  if (latest > 1) {
    log::RecordMetadata metadata;
    if (!metadata.ParseFromString(record.metadata)) throw BadData("the metadata of " + place() + " cannot be read");
    upcast(*message, std::max<std::uint32_t>(1, metadata.schema_version()));
  }
  return message;
}

}  // namespace ordersaga::events
