// Countries of ISO 3166-1, by their alpha-2 codes.
#pragma once

#include <string_view>

namespace ordersaga::aggregates {

bool is_country(std::string_view code);

// Whether carriers take parcels there. REQUIRES: is_country(code).
bool is_served(std::string_view code);

}  // namespace ordersaga::aggregates
