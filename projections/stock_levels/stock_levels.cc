#include "projections/stock_levels/stock_levels.h"

namespace ordersaga::projections::stock_levels {

namespace {

// The allocations of the three events that move a reservation; null for others.
const google::protobuf::RepeatedPtrField<inventory::Allocation>* allocations_of(const Record& r) {
  if (r.type == inventory::StockReserved::descriptor()) return &static_cast<const inventory::StockReserved&>(*r.message).allocations();
  if (r.type == inventory::StockReleased::descriptor()) return &static_cast<const inventory::StockReleased&>(*r.message).allocations();
  if (r.type == inventory::ReservationConsumed::descriptor())
    return &static_cast<const inventory::ReservationConsumed&>(*r.message).allocations();
  return nullptr;
}

}  // namespace

void StockLevels::want(const Record& record) {
  if (const auto* allocations = allocations_of(record)) {
    for (const inventory::Allocation& a : *allocations) parts_.want(a.sku(), a.location(), record.shard());
  } else {
    const auto& received = static_cast<const inventory::StockReceived&>(*record.message);
    parts_.want(received.sku(), received.location(), record.shard());
  }
}

LevelPart& StockLevels::part(const Record& r, const std::string& sku, const std::string& location) {
  LevelPart* part = parts_.find(sku, location, r.shard());
  if (part == nullptr) {
    LevelPart fresh;
    fresh.sku = sku;
    fresh.location = location;
    fresh.shard = r.shard();
    part = &parts_.put(std::move(fresh), sku, location, r.shard());
  }
  // A record that was parked is applied after later ones.
  if (part->position < r.position()) {
    part->updated_at = r.event.recorded_at;
    part->position = r.position();
  }
  return *part;
}

void StockLevels::on(const Record& r, const inventory::StockReserved& e) {
  for (const inventory::Allocation& a : e.allocations()) {
    LevelPart& p = part(r, a.sku(), a.location());
    p.on_hand -= a.quantity();
    p.reserved += a.quantity();
  }
}

void StockLevels::on(const Record& r, const inventory::StockReleased& e) {
  for (const inventory::Allocation& a : e.allocations()) {
    LevelPart& p = part(r, a.sku(), a.location());
    p.reserved -= a.quantity();
    p.on_hand += a.quantity();
  }
}

void StockLevels::on(const Record& r, const inventory::ReservationConsumed& e) {
  for (const inventory::Allocation& a : e.allocations()) {
    LevelPart& p = part(r, a.sku(), a.location());
    p.reserved -= a.quantity();
    p.shipped += a.quantity();
  }
}

void StockLevels::on(const Record& r, const inventory::StockReceived& e) {
  LevelPart& p = part(r, e.sku(), e.location());
  p.on_hand += e.quantity();
  p.received += e.quantity();
}

}  // namespace ordersaga::projections::stock_levels
