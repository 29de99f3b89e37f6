// Text that people or other systems wrote, before it enters an event. An event must be readable for ever: Protobuf refuses
// strings that are no UTF-8 when it reads them, and Postgres' text type refuses NUL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ordersaga::aggregates {

// UTF-8 without NUL.
bool is_text(std::string_view bytes);

// `bytes` made text of at most `max` bytes: what is no text becomes '?', and what is too long is cut between characters.
std::string made_text(std::string_view bytes, std::size_t max);

}  // namespace ordersaga::aggregates
