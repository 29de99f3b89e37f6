#include "consumers/routes.h"

#include <array>

#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "ordersaga/shipment/v1/commands.pb.h"

namespace ordersaga::consumers {
namespace {

struct Route {
  const google::protobuf::Descriptor* command;
  const google::protobuf::FieldDescriptor* key;
};

template <class M>
Route route(const char* key) {
  return {M::descriptor(), M::descriptor()->FindFieldByName(key)};
}

const std::array<Route, 3>& routes() {
  static const std::array<Route, 3> kRoutes = {
      route<order::v1::PlaceOrder>("order_id"),
      route<shipment::v1::RecordPack>("order_id"),
      route<inventory::v1::ReceiveStock>("sku"),
  };
  return kRoutes;
}

}  // namespace

const google::protobuf::Descriptor* find_command(std::string_view full_name) {
  for (const Route& r : routes())
    if (r.command->full_name() == full_name) return r.command;
  return nullptr;
}

std::string key_named_by(const google::protobuf::Message& command) {
  for (const Route& r : routes())
    if (r.command == command.GetDescriptor()) return command.GetReflection()->GetString(command, r.key);
  return {};
}

}  // namespace ordersaga::consumers
