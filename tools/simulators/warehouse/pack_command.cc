#include "tools/simulators/warehouse/pack_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "ordersaga/shipment/v1/commands.pb.h"
#include "ordersaga/shipment/v1/events.pb.h"
#include "schemas/headers.h"
#include "schemas/ids.h"
#include "tools/simulators/fingerprint.h"

namespace ordersaga::simulators::warehouse {
namespace {

using runtime::kafka::ConsumedMessage;
using runtime::kafka::OutgoingMessage;

// An event's id has a slash, and may be longer than a command's.
std::string command_id(std::string_view event_id) {
  std::string id = "pack:" + std::string(event_id);
  std::replace(id.begin(), id.end(), '/', ':');
  return is_valid_id(id) ? id : fmt::format("pack:{:016x}", Fingerprint().add(event_id).value());
}

}  // namespace

std::optional<OutgoingMessage> pack_command(const ConsumedMessage& event) {
  static const std::string created = shipment::v1::ShipmentCreated::descriptor()->full_name();
  if (event.header(headers::kType) != created) return std::nullopt;
  shipment::v1::ShipmentCreated shipment;
  std::optional<std::string_view> id = event.header(headers::kId);
  if (!id || !event.key || !shipment.ParseFromString(event.value))
    throw std::invalid_argument(fmt::format("{}/{}@{} is no event of ours", event.topic, event.partition, event.offset));

  shipment::v1::RecordPack pack;
  pack.set_order_id(*event.key);
  pack.set_shipment_id(shipment.shipment_id());
  pack.set_packed_by("warehouse simulator");
  OutgoingMessage out;
  out.topic = std::string(topics::kCommands);
  out.key = *event.key;
  out.value = pack.SerializeAsString();
  auto add = [&](std::string_view name, std::string_view value) { out.headers.push_back({std::string(name), std::string(value)}); };
  add(headers::kSpecVersion, headers::kSpecVersionValue);
  add(headers::kId, command_id(*id));
  add(headers::kSource, "warehouse_simulator");
  add(headers::kType, pack.GetTypeName());
  add(headers::kContentType, headers::kProtobuf);
  add(headers::kCausationId, *id);
  for (std::string_view passed_on : {headers::kCorrelationId, headers::kTraceParent})
    if (auto value = event.header(passed_on)) add(passed_on, *value);
  return out;
}

}  // namespace ordersaga::simulators::warehouse
