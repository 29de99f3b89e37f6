// Stock levels by SKU and location, as this shard's records change them; the view read.stock_levels adds the shards up.
#pragma once

#include "ordersaga/inventory/v1/events.pb.h"
#include "projections/projection.h"

namespace ordersaga::projections::stock_levels {

namespace inventory = ordersaga::inventory::v1;

// Columns are explained in schemas/sql/V130.
struct LevelPart {
  static constexpr std::string_view kTable = "stock_level_parts";
  static constexpr std::size_t kKeyColumns = 3;
  static constexpr std::size_t kFixedColumns = 3;

  std::string sku;
  std::string location;
  Shard shard;
  std::int64_t on_hand = 0;
  std::int64_t reserved = 0;
  std::int64_t shipped = 0;
  std::int64_t received = 0;
  Timestamp updated_at;
  Position position;

  template <class Self, class Column>
  static void columns(Self& row, Column&& column) {
    column("sku", row.sku);
    column("location", row.location);
    column("shard", row.shard);
    column("on_hand", row.on_hand);
    column("reserved", row.reserved);
    column("shipped", row.shipped);
    column("received", row.received);
    column("updated_at", row.updated_at);
    column("position", row.position);
  }
};

class StockLevels final : public Projection {
 public:
  std::string_view name() const override { return "stock_levels"; }
  bool concerns(const google::protobuf::Descriptor* type) const override { return Events::contains(type); }
  std::vector<RowSet*> row_sets() override { return {&parts_}; }
  void want(const Record& record) override;
  void apply(const Record& record) override { Events::dispatch(*this, record); }

 private:
  using Events = Knows<inventory::StockReserved, inventory::StockReleased, inventory::ReservationConsumed, inventory::StockReceived>;
  friend Events;

  void on(const Record& r, const inventory::StockReserved& e);
  void on(const Record& r, const inventory::StockReleased& e);
  void on(const Record& r, const inventory::ReservationConsumed& e);
  void on(const Record& r, const inventory::StockReceived& e);

  LevelPart& part(const Record& r, const std::string& sku, const std::string& location);

  WorkingRows<LevelPart> parts_;
};

}  // namespace ordersaga::projections::stock_levels
