// The read models of this program, the table to add a line to.
#pragma once

#include "projections/apply.h"

namespace ordersaga::projections {

ProjectionSet all_projections();

}  // namespace ordersaga::projections
