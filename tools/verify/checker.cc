#include "tools/verify/checker.h"

#include "schemas/lineage.h"
#include "schemas/streams.h"

namespace ordersaga::verify {

Stream parse_stream(std::string_view name) {
  std::string_view key = stream_key(name);
  if (key.empty()) return {};
  std::string_view kind = name.substr(0, name.find('-'));
  std::string_view rest = name.substr(kind.size() + 1);
  if (kind == "order") return {StreamKind::order, key, key};
  if (kind == "reservation") return {StreamKind::reservation, key, key};
  if (kind == "stock") return {StreamKind::stock, key, key};
  if (kind == "payment") return {StreamKind::payment, key, rest};
  if (kind == "shipment") return {StreamKind::shipment, key, rest};
  return {StreamKind::saga, key, rest.substr(0, rest.size() - key.size() - 1)};
}

std::string LogEntry::place() const {
  return std::to_string(record.shard.value) + "/" + std::to_string(record.position.value);
}

std::string LogEntry::cause() const {
  return lineage_of(metadata, record.stream.empty() ? std::string_view(metadata.key()) : stream.key).causation_id;
}

std::string_view name(GatewayOperation operation) {
  switch (operation) {
    case GatewayOperation::authorize:
      return "authorize";
    case GatewayOperation::capture:
      return "capture";
    case GatewayOperation::void_authorization:
      return "void";
    case GatewayOperation::refund:
      return "refund";
  }
  return "unknown";
}

std::string_view name(CarrierOperation operation) {
  switch (operation) {
    case CarrierOperation::book:
      return "booking";
    case CarrierOperation::hand_over:
      return "hand-over";
    case CarrierOperation::cancel:
      return "cancellation";
  }
  return "unknown";
}

}  // namespace ordersaga::verify
