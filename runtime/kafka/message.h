// From librdkafka's messages to ours.
#pragma once

#include "runtime/kafka/bus.h"

struct rd_kafka_message_s;

namespace ordersaga::runtime::kafka {

// A copy. REQUIRES: a message without an error.
ConsumedMessage to_consumed(const rd_kafka_message_s& message);

}  // namespace ordersaga::runtime::kafka
