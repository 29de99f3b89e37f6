#include "aggregates/payment/token.h"

namespace ordersaga::aggregates::payment {

bool looks_like_card_number(std::string_view token) {
  int digits = 0;
  int sum = 0;
  for (auto it = token.rbegin(); it != token.rend(); ++it) {
    if (*it == ' ' || *it == '-') continue;
    if (*it < '0' || *it > '9') return false;
    int value = *it - '0';
    if (digits % 2 == 1) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
    sum += value;
    ++digits;
  }
  return digits >= 12 && digits <= 19 && sum % 10 == 0;
}

}  // namespace ordersaga::aggregates::payment
