// What the names of streams say. A stream's name tells its partition key, and so its shard:
//
//   stream      key          one for each
//   order-<id>               order
//   reservation-<id>         order
//   payment-<id>.<n>         try to pay, n from 1
//   shipment-<id>.<n>        parcel, n from 1
//   saga-<definition>-<id>   saga of an order; the definition's name has no '-'
//   stock-<sku>              SKU (its key is the SKU; of all others the key is the order's id)
#pragma once

#include <cstddef>
#include <string_view>

namespace ordersaga {

// The partition key of a stream; empty when the name is none of the above.
constexpr std::string_view stream_key(std::string_view stream) {
  std::size_t dash = stream.find('-');
  if (dash == std::string_view::npos) return {};
  std::string_view kind = stream.substr(0, dash);
  std::string_view rest = stream.substr(dash + 1);
  if (kind == "order" || kind == "reservation" || kind == "stock") return rest;
  if (kind == "payment" || kind == "shipment") {
    std::size_t dot = rest.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : rest.substr(0, dot);
  }
  if (kind == "saga") {
    std::size_t second = rest.find('-');
    return second == std::string_view::npos ? std::string_view{} : rest.substr(second + 1);
  }
  return {};
}

// The definition's name in the name of a saga's stream; empty when it is no saga's.
constexpr std::string_view saga_definition(std::string_view stream) {
  constexpr std::string_view kSaga = "saga-";
  if (!stream.starts_with(kSaga)) return {};
  std::string_view rest = stream.substr(kSaga.size());
  std::size_t dash = rest.find('-');
  return dash == std::string_view::npos ? std::string_view{} : rest.substr(0, dash);
}

}  // namespace ordersaga
