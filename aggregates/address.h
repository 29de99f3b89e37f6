// Postal addresses, as orders and parcels need them.
#pragma once

#include <string_view>

#include "aggregates/field_errors.h"
#include "ordersaga/common/v1/address.pb.h"

namespace ordersaga::aggregates {

// Name, 1 to 10 lines, postcode, city and country must be there; phone and e-mail may. `parent` is the address's field.
void check_address(FieldErrors& errors, const ordersaga::common::v1::Address& address, std::string_view parent);

}  // namespace ordersaga::aggregates
