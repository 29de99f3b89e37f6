#include "tests/simulation/evidence.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "consumers/effects/carrier_client.h"
#include "events/codec.h"
#include "ordersaga/log/v1/record.pb.h"
#include "projections/all_projections.h"
#include "projections/order_summary/rows.h"
#include "projections/rebuild.h"
#include "projections/saga_status/saga_status.h"
#include "projections/stock_levels/stock_levels.h"
#include "schemas/headers.h"
#include "schemas/streams.h"
#include "tools/verify/check.h"
#include "tools/verify/store_evidence.h"

namespace ordersaga::simulation {
namespace {

std::int64_t number(const kafka::ConsumedMessage& m, std::string_view header) {
  return std::stoll(std::string(m.header(header).value_or("0")));
}

class Ledger final : public verify::GatewaySource {
 public:
  explicit Ledger(const simulators::payment_gateway::Gateway& gateway) : gateway_(gateway) {}
  std::vector<verify::GatewayEntry> ledger() override {
    using simulators::payment_gateway::Kind;
    std::vector<verify::GatewayEntry> out;
    for (const auto& e : gateway_.ledger()) {
      // A void of what never was changed nothing.
      if (!e.done() || (e.kind == Kind::void_ && e.amount.minor == 0)) continue;
      verify::GatewayOperation operation = e.kind == Kind::authorization ? verify::GatewayOperation::authorize
                                           : e.kind == Kind::capture     ? verify::GatewayOperation::capture
                                           : e.kind == Kind::void_       ? verify::GatewayOperation::void_authorization
                                                                         : verify::GatewayOperation::refund;
      out.push_back({e.payment, operation, e.amount.currency, e.amount.minor, e.id});
    }
    return out;
  }

 private:
  const simulators::payment_gateway::Gateway& gateway_;
};

class CarrierLedger final : public verify::CarrierSource {
 public:
  CarrierLedger(const simulators::carrier::Carrier& carrier, Timestamp now) : carrier_(carrier), now_(now) {}
  std::vector<verify::CarrierEntry> carrier_ledger() override {
    using simulators::carrier::Kind;
    std::vector<verify::CarrierEntry> out;
    for (const auto& e : carrier_.ledger()) {
      if (!e.done() || e.kind == Kind::advance) continue;
      verify::CarrierOperation operation = e.kind == Kind::booking    ? verify::CarrierOperation::book
                                           : e.kind == Kind::handover ? verify::CarrierOperation::hand_over
                                                                      : verify::CarrierOperation::cancel;
      verify::CarrierEntry entry{e.shipment, operation, e.id, e.booking, e.postcode, e.tracking_number};
      if (e.kind == Kind::booking) entry.tracking = consumers::carrier::parse_tracking(name(carrier_.track(e.id, now_).status));
      out.push_back(std::move(entry));
    }
    return out;
  }

 private:
  const simulators::carrier::Carrier& carrier_;
  const Timestamp now_;
};

class Topic final : public verify::TopicSource {
 public:
  explicit Topic(Surroundings& around) : around_(around) {}
  Epoch epoch() override { return around_.world.log().epoch(); }
  std::vector<events::EpochStart> epoch_starts() override { return around_.world.log().epoch_starts(); }
  Position published(Shard, Position head) override { return head; }
  void scan(Shard shard, const Visit& visit) override {
    for (const kafka::ConsumedMessage& m : around_.bus.messages(std::string(topics::kEvents), shard.value))
      visit({m.offset, Epoch(static_cast<std::int32_t>(number(m, headers::kEpoch))), Position(number(m, headers::kPosition)),
             std::string(m.header(headers::kType).value_or("")), m.key.value_or(""), std::string(m.header(headers::kSubject).value_or("")),
             Version(static_cast<std::int32_t>(number(m, headers::kSequence))), m.value});
  }

 private:
  Surroundings& around_;
};

class Tables final : public verify::TableSource {
 public:
  Tables(Surroundings& around, events::EventStore& store, bool read) : around_(around), quiet_(store), read_(read) {}
  verify::ShardSnapshot shard(Shard shard) override {
    verify::ShardSnapshot s = quiet_.shard(shard);
    if (read_) s.read = rows(shard);
    return s;
  }
  verify::LevelsAt levels() override { return quiet_.levels(); }
  verify::Inbox inbox(Shard shard, Position upto) override { return quiet_.inbox(shard, upto); }

 private:
  verify::ReadRows rows(Shard shard) {
    using namespace projections;
    MemoryReadStore store(around_.tables);
    auto snapshot = store.snapshot();
    verify::ReadRows out;
    for (const Checkpoint& c : snapshot->checkpoints()) {
      if (c.shard != shard) continue;
      if (c.projection == "order_summary") out.orders_checkpoint = c.position;
      if (c.projection == "saga_status") out.sagas_checkpoint = c.position;
      if (c.projection == "stock_levels") out.stock_checkpoint = c.position;
    }
    snapshot->scan(table_of<order_summary::Order>(), shard, [&](Row&& row) {
      auto o = from_row<order_summary::Order>(row);
      out.orders.push_back({o.order_id, o.order_number, o.status, o.currency, o.total_minor, o.captured_minor, o.refunded_minor});
    });
    snapshot->scan(table_of<saga_status::Saga>(), shard, [&](Row&& row) {
      auto s = from_row<saga_status::Saga>(row);
      out.sagas.push_back({s.stream(), s.state, s.version});
    });
    snapshot->scan(table_of<stock_levels::LevelPart>(), shard, [&](Row&& row) {
      auto l = from_row<stock_levels::LevelPart>(row);
      out.stock.push_back({l.sku, l.location, l.on_hand, l.reserved, l.shipped, l.received});
    });
    return out;
  }

  Surroundings& around_;
  verify::QuietStoreTables quiet_;
  const bool read_;
};

class Rebuild final : public verify::RebuildSource {
 public:
  Rebuild(Surroundings& around, events::EventStore& log) : around_(around), log_(log) {}
  std::vector<verify::RowDifference> compare_with_rebuild() override {
    std::vector<Shard> shards;
    for (int s = 0; s < log_.shards(); ++s) shards.emplace_back(static_cast<std::int16_t>(s));
    projections::MemoryReadStore live(around_.tables);
    std::vector<verify::RowDifference> out;
    projections::Comparison comparison = projections::compare_with_rebuild(log_, live, shards, 100);
    for (const projections::Difference& d : comparison.differences) out.push_back({d.table, d.key, d.what});
    return out;
  }

 private:
  Surroundings& around_;
  events::EventStore& log_;
};

}  // namespace

std::vector<std::string> check_invariants(Surroundings& around, bool relay, bool projector) {
  events::MemoryEventStore store(around.world.log());
  verify::StoreLog log(store);
  Tables tables(around, store, projector);
  Ledger ledger(around.participants.gateway());
  CarrierLedger carrier(around.participants.carrier(), around.world.wall());
  Topic topic(around);
  Rebuild rebuild(around, store);
  verify::Sources sources{.log = &log,
                          .tables = &tables,
                          .gateway = &ledger,
                          .carrier = &carrier,
                          .topic = relay ? &topic : nullptr,
                          .rebuild = projector ? &rebuild : nullptr};
  std::vector<std::string> out;
  verify::Report report = verify::check(sources, {});
  for (const verify::Finding& f : report.findings.kept())
    out.push_back(fmt::format("{} {}: expected {}, found {}", f.invariant, f.subject, f.expected, f.found));
  return out;
}

Position published_up_to(Surroundings& around, Shard shard) {
  Position last(0);
  for (const kafka::ConsumedMessage& m : around.bus.messages(std::string(topics::kEvents), shard.value))
    if (number(m, headers::kPosition) == last.value + 1) last = last.next();
  return last;
}

Position projected_up_to(Surroundings& around, Shard shard) {
  auto all = projections::all_projections();
  Position least(std::numeric_limits<std::int64_t>::max());
  std::size_t found = 0;
  for (const auto& [id, c] : around.tables.checkpoints) {
    if (id.second != shard) continue;
    ++found;
    least = std::min(least, c.position);
  }
  return found < all.size() ? Position(0) : least;
}

std::vector<std::string> tell(Surroundings& around, const std::string& order) {
  std::vector<std::pair<Timestamp, std::string>> lines;
  events::MemoryEventStore store(around.world.log());
  events::ShardPosition from{shard_of(order, around.world.shards()), Position(0)};
  for (const events::RecordedEvent& e : store.read_shards({&from, 1}, 10'000'000)) {
    google::protobuf::Arena arena;
    log::v1::RecordMetadata metadata;
    metadata.ParseFromString(e.metadata);
    const auto* message = events::decode(e, &arena);
    if (stream_key(e.stream) != order && metadata.key() != order) continue;
    lines.emplace_back(e.recorded_at, fmt::format("{}/{} {} {} {}", e.shard.value, e.position.value, e.stream,
                                                  message->GetDescriptor()->name(), message->ShortDebugString()));
  }
  for (const auto& e : around.participants.gateway().ledger())
    if (e.payment.starts_with(order + "."))
      lines.emplace_back(e.at, fmt::format("gateway {} {} key {} {} {}", name(e.kind), e.id, e.key, e.amount.minor, e.code));
  for (const auto& e : around.participants.carrier().ledger())
    if (e.shipment.starts_with(order + "."))
      lines.emplace_back(e.at, fmt::format("carrier {} {} key {} {}", name(e.kind), e.id, e.key, e.code));
  std::stable_sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> out;
  Timestamp first = lines.empty() ? Timestamp{} : lines.front().first;
  for (const auto& [at, line] : lines) out.push_back(fmt::format("{:9.3f} {}", static_cast<double>((at - first).count()) / 1e6, line));
  return out;
}

bool read_json(const std::string& text, common::v1::CommandReply& reply) {
  return google::protobuf::util::JsonStringToMessage(text, &reply).ok();
}

}  // namespace ordersaga::simulation
