// Payment tokens: what a gateway gave a shop in place of a card.
#pragma once

#include <string_view>

namespace ordersaga::aggregates::payment {

// Whether a would-be token is a card's number: 12 to 19 digits, perhaps spaced or dashed, with a right Luhn check digit.
// Such a number must enter no event, log or message.
bool looks_like_card_number(std::string_view token);

}  // namespace ordersaga::aggregates::payment
