// What the warehouse answers to an event. Pure.
#pragma once

#include <optional>

#include "runtime/kafka/bus.h"

namespace ordersaga::simulators::warehouse {

// The command RecordPack for a ShipmentCreated; nullopt for every other event. The same event always gives the same
// command with the same id, so packing it twice has no second effect.
// Throws std::invalid_argument for a ShipmentCreated that cannot be read.
std::optional<runtime::kafka::OutgoingMessage> pack_command(const runtime::kafka::ConsumedMessage& event);

}  // namespace ordersaga::simulators::warehouse
