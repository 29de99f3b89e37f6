// A CommandReply as a message to the topic that the command's sender named.
#pragma once

#include <string>

#include "ordersaga/common/v1/reply.pb.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::events {

// In the content type that the command came in. `id` becomes ce_id: the same answer has the same id every time it is sent.
runtime::kafka::OutgoingMessage reply_message(const common::v1::CommandReply& reply, std::string topic, std::string key, std::string id,
                                              bool json);

}  // namespace ordersaga::events
