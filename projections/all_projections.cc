#include "projections/all_projections.h"

#include "projections/order_summary/order_summary.h"
#include "projections/saga_status/saga_status.h"
#include "projections/stock_levels/stock_levels.h"

namespace ordersaga::projections {

ProjectionSet all_projections() {
  ProjectionSet all;
  all.push_back(std::make_unique<order_summary::OrderSummary>());
  all.push_back(std::make_unique<saga_status::SagaStatus>());
  all.push_back(std::make_unique<stock_levels::StockLevels>());
  return all;
}

}  // namespace ordersaga::projections
