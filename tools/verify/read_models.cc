#include "tools/verify/read_models.h"

#include <fmt/format.h>

#include <unordered_set>

#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/payment/v1/events.pb.h"
#include "schemas/streams.h"

namespace ordersaga::verify {

namespace order_v1 = ordersaga::order::v1;
namespace payment_v1 = ordersaga::payment::v1;

namespace {

// The status that an event of the order leads to; empty for other events.
std::string_view status_after(const LogEntry& entry) {
  if (entry.as<order_v1::OrderPlaced>() != nullptr) return "PENDING";
  if (entry.as<order_v1::OrderRejected>() != nullptr) return "REJECTED";
  if (entry.as<order_v1::OrderConfirmed>() != nullptr) return "CONFIRMED";
  if (entry.as<order_v1::FulfilmentStarted>() != nullptr) return "PROCESSING";
  if (entry.as<order_v1::OrderReady>() != nullptr) return "READY";
  if (entry.as<order_v1::OrderShipped>() != nullptr) return "SHIPPED";
  if (entry.as<order_v1::OrderDelivered>() != nullptr) return "DELIVERED";
  if (entry.as<order_v1::OrderCompleted>() != nullptr) return "COMPLETED";
  if (entry.as<order_v1::OrderCancelled>() != nullptr) return "CANCELLED";
  return {};
}

std::string print(const OrderRow& o) {
  return fmt::format("{} {}, total {} {}, captured {}, refunded {}", o.order_number, o.status, o.total_minor, o.currency_code,
                     o.captured_minor, o.refunded_minor);
}

std::string print(const Units& u) {
  return fmt::format("{} on hand, {} reserved, {} shipped, {} received", u.on_hand, u.reserved, u.shipped, u.received);
}

}  // namespace

void ReadModelsChecker::begin(const ShardSnapshot& snapshot) {
  orders_.clear();
  phases_.clear();
  saga_versions_.clear();
  stock_.clear();
  const ReadRows* read = snapshot.read ? &*snapshot.read : nullptr;
  orders_upto_ = read ? read->orders_checkpoint : Position(0);
  sagas_upto_ = read ? read->sagas_checkpoint : Position(0);
  stock_upto_ = read ? read->stock_checkpoint : Position(0);
}

void ReadModelsChecker::see(const LogEntry& entry) {
  Position at = entry.record.position;
  if (at <= orders_upto_) see_order(entry);
  if (at <= sagas_upto_ && entry.stream.kind == StreamKind::saga) {
    phases_.see(entry);
    saga_versions_[entry.record.stream] = entry.record.version;
  }
  if (at <= stock_upto_) {
    for (const UnitsChange& change : stock_changes(entry)) {
      Units& units = stock_[change.place];
      units.on_hand += change.by.on_hand;
      units.reserved += change.by.reserved;
      units.shipped += change.by.shipped;
      units.received += change.by.received;
    }
  }
}

void ReadModelsChecker::see_order(const LogEntry& entry) {
  if (entry.stream.kind == StreamKind::order) {
    OrderRow& order = orders_[std::string(entry.stream.key)];
    if (const auto* placed = entry.as<order_v1::OrderPlaced>()) {
      order.order_number = placed->order_number();
      order.currency_code = placed->totals().currency_code();
      order.total_minor = placed->totals().total_minor();
    }
    if (std::string_view status = status_after(entry); !status.empty()) order.status = status;
  } else if (entry.stream.kind == StreamKind::payment) {
    OrderRow& order = orders_[std::string(entry.stream.key)];
    if (const auto* captured = entry.as<payment_v1::PaymentCaptured>()) order.captured_minor += captured->amount().amount_minor();
    if (const auto* refunded = entry.as<payment_v1::PaymentRefunded>()) order.refunded_minor += refunded->amount().amount_minor();
  }
}

void ReadModelsChecker::end(const ShardSnapshot& snapshot) {
  if (!snapshot.read) return;
  const ReadRows& read = *snapshot.read;
  check_checkpoint(snapshot, "order_summary", read.orders_checkpoint);
  check_checkpoint(snapshot, "saga_status", read.sagas_checkpoint);
  check_checkpoint(snapshot, "stock_levels", read.stock_checkpoint);
  check_orders(read);
  check_sagas(read);
  check_stock(snapshot, read);
}

void ReadModelsChecker::check_checkpoint(const ShardSnapshot& snapshot, std::string_view projection, Position checkpoint) {
  if (checkpoint > snapshot.head)
    findings_.add({"I12", fmt::format("{} of shard {}", projection, snapshot.shard.value),
                   fmt::format("a checkpoint of at most the head {}", snapshot.head.value), fmt::format("{}", checkpoint.value)});
}

void ReadModelsChecker::check_orders(const ReadRows& read) {
  std::unordered_set<std::string> seen;
  for (const OrderRow& row : read.orders) {
    seen.insert(row.order_id);
    if (read.parked_keys.count(row.order_id) > 0) continue;
    auto folded = orders_.find(row.order_id);
    if (folded == orders_.end()) {
      findings_.add({"I12", fmt::format("order {}", row.order_id), "an order of the log, because order_summary has it", "none"});
    } else if (std::string expected = print(folded->second); expected != print(row)) {
      findings_.add({"I12", fmt::format("order {}", row.order_id), expected, fmt::format("order_summary: {}", print(row))});
    }
  }
  for (const auto& [id, order] : orders_)
    if (!order.status.empty() && seen.count(id) == 0 && read.parked_keys.count(id) == 0)
      findings_.add({"I12", fmt::format("order {}", id), print(order), "no row in order_summary"});
}

void ReadModelsChecker::check_sagas(const ReadRows& read) {
  std::unordered_set<std::string> seen;
  auto is_parked = [&](const std::string& stream) { return read.parked_keys.count(std::string(stream_key(stream))) > 0; };
  auto expected = [&](const std::string& stream, const SagaPhases::Saga& saga) {
    return fmt::format("{} at version {}", name(saga.phase), saga_versions_[stream].value);
  };
  for (const SagaRow& row : read.sagas) {
    seen.insert(row.saga);
    if (is_parked(row.saga)) continue;
    std::string found = fmt::format("{} at version {}", row.state, row.version.value);
    auto folded = phases_.sagas().find(row.saga);
    if (folded == phases_.sagas().end())
      findings_.add({"I12", row.saga, "a saga of the log, because saga_status has it", "none"});
    else if (expected(row.saga, folded->second) != found)
      findings_.add({"I12", row.saga, expected(row.saga, folded->second), fmt::format("saga_status: {}", found)});
  }
  for (const auto& [stream, saga] : phases_.sagas())
    if (seen.count(stream) == 0 && !is_parked(stream)) findings_.add({"I12", stream, expected(stream, saga), "no row in saga_status"});
}

void ReadModelsChecker::check_stock(const ShardSnapshot& snapshot, const ReadRows& read) {
  if (!read.parked_keys.empty()) return;  // sums of a shard in which something waits are not yet the log's
  std::map<Place, Units> rows;
  for (const StockPartRow& row : read.stock) {
    rows[{row.sku, row.location}] = {row.on_hand, row.reserved, row.shipped, row.received};
    stock_.try_emplace({row.sku, row.location});
  }
  for (const auto& [place, units] : stock_)
    if (rows[place] != units)
      findings_.add({"I12", fmt::format("SKU {} at {}, shard {}", place.first, place.second, snapshot.shard.value), print(units),
                     fmt::format("stock_levels: {}", print(rows[place]))});
}

}  // namespace ordersaga::verify
