#include "aggregates/address.h"

#include <algorithm>

#include "aggregates/country.h"

namespace ordersaga::aggregates {
namespace {

constexpr int kMaxLines = 10;
constexpr std::size_t kMaxText = 256;

}  // namespace

void check_address(FieldErrors& errors, const ordersaga::common::v1::Address& address, std::string_view parent) {
  auto at = [parent](std::string_view name, int index = -1) { return Field{parent, -1, name, index}; };
  errors.require_text(at("name"), address.name(), kMaxText);
  if (address.lines().empty() || address.lines_size() > kMaxLines)
    errors.add(at("lines"), "must be 1 to " + std::to_string(kMaxLines) + " lines");
  for (int i = 0; i < std::min(address.lines_size(), kMaxLines); ++i) errors.require_text(at("lines", i), address.lines(i), kMaxText);
  errors.require_text(at("postcode"), address.postcode(), kMaxText);
  errors.require_text(at("city"), address.city(), kMaxText);
  if (!is_country(address.country_code())) errors.add(at("country_code"), "is no country of ISO 3166-1 (two upper-case letters)");
  errors.check_text(at("phone"), address.phone(), kMaxText);
  errors.check_text(at("email"), address.email(), kMaxText);
}

}  // namespace ordersaga::aggregates
