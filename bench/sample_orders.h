// The orders that benchmarks place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::bench {

inline constexpr std::size_t kSkus = 100;
inline constexpr std::int64_t kStock = 1'000'000;  // the most that one receipt may hold

// Orders spread over kSkus of them.
std::string sku(std::size_t index);
// Two lines; `index` spreads orders over SKUs and customers.
order::v1::PlaceOrder make_order(const std::string& id, std::size_t index, bool declined);
// Of the SKU with that index, kStock.
inventory::v1::ReceiveStock make_receipt(std::size_t index);

// A record of the command topic. `reply_topic` empty: nobody wants an answer.
runtime::kafka::OutgoingMessage command_message(const std::string& key, const google::protobuf::Message& command, std::string_view id,
                                                std::string_view reply_topic, std::string_view reply_when);

}  // namespace ordersaga::bench
