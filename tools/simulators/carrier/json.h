// The carrier's JSON: calls as they come, operations as they are answered, listed and kept.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "tools/simulators/carrier/logic.h"

namespace ordersaga::simulators::carrier {

// Throws std::invalid_argument for a body that is no JSON object, an unknown field, or one of another type.
Call parse_call(Kind kind, std::string_view key, std::string_view body);

nlohmann::json to_json(const LedgerEntry& entry);
// Throws nlohmann::json::exception or std::invalid_argument for what to_json has not made.
LedgerEntry parse_entry(std::string_view line);

}  // namespace ordersaga::simulators::carrier
