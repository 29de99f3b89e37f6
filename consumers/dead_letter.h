// A record that could not be read as a command, as it goes to the dead letters: as it came, with the reason in its headers.
#pragma once

#include <string_view>

#include "runtime/clock.h"
#include "runtime/kafka/bus.h"

namespace ordersaga::consumers {

runtime::kafka::OutgoingMessage dead_letter(const runtime::kafka::ConsumedMessage& message, std::string_view code, std::string_view reason,
                                            runtime::WallTime now);

}  // namespace ordersaga::consumers
