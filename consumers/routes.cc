#include "consumers/routes.h"

#include <array>

#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "ordersaga/saga/v1/operator.pb.h"
#include "ordersaga/shipment/v1/commands.pb.h"

namespace ordersaga::consumers {
namespace {

struct Route {
  const google::protobuf::Descriptor* command;
  const google::protobuf::FieldDescriptor* key;
  bool operators_only = false;
};

template <class M>
Route route(const char* key) {
  return {M::descriptor(), M::descriptor()->FindFieldByName(key)};
}
template <class M>
Route operators_route(const char* key) {
  return {M::descriptor(), M::descriptor()->FindFieldByName(key), true};
}

const std::array<Route, 6>& routes() {
  static const std::array<Route, 6> kRoutes = {
      route<order::v1::PlaceOrder>("order_id"),
      route<shipment::v1::RecordPack>("order_id"),
      route<inventory::v1::ReceiveStock>("sku"),
      operators_route<saga::v1::RetryParkedInput>("order_id"),
      operators_route<saga::v1::DiscardParkedInput>("order_id"),
      operators_route<saga::v1::ResendRequest>("order_id"),
  };
  return kRoutes;
}

}  // namespace

const google::protobuf::Descriptor* find_command(std::string_view full_name, Sender sender) {
  for (const Route& r : routes())
    if (r.command->full_name() == full_name && (sender == Sender::an_operator || !r.operators_only)) return r.command;
  return nullptr;
}

std::string key_named_by(const google::protobuf::Message& command) {
  for (const Route& r : routes())
    if (r.command == command.GetDescriptor()) return command.GetReflection()->GetString(command, r.key);
  return {};
}

}  // namespace ordersaga::consumers
