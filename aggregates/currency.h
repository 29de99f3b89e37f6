// The currencies of ISO 4217 that goods are paid in; no funds, metals or test codes.
#pragma once

#include <optional>
#include <string_view>

namespace ordersaga::aggregates {

// Decimals of the minor unit (2 for EUR: an amount of 1234 is 12.34 EUR); nothing for a code that is not in the list.
std::optional<int> currency_exponent(std::string_view code);

}  // namespace ordersaga::aggregates
