#include "consumers/turn_outcome.h"

#include "events/codec.h"
#include "events/errors.h"
#include "ordersaga/log/v1/record.pb.h"

namespace ordersaga::consumers {

void TurnOutcome::add(const sagas::TurnResult& part, events::TurnWrite& write, google::protobuf::Arena& keep) {
  const std::size_t before = write.records.size();
  for (const sagas::InputResult& input : part.inputs) input_records_.push_back(input.record == npos ? npos : before + input.record);
  add_records(part, write);
  for (const sagas::NextWakeup& w : part.wakeups) {
    auto known = wakeup_of_.find(w.saga);
    if (known == wakeup_of_.end()) {
      Wakeup& fresh = wakeups_.emplace_back(Wakeup{{w.shard, std::string(w.saga)}, false});
      known = wakeup_of_.emplace(fresh.at.saga, &fresh).first;
    }
    known->second->at.due_at = w.at;
    known->second->at.effect_outstanding = w.effect_outstanding;
    known->second->over = w.over;
  }
  for (const sagas::NetDelta& d : part.stock) {
    auto known = stock_of_.find({d.sku, d.location});
    if (known == stock_of_.end()) {
      events::StockDelta& fresh = stock_.emplace_back(events::StockDelta{std::string(d.sku), std::string(d.location)});
      known = stock_of_.emplace(std::pair<std::string_view, std::string_view>(fresh.sku, fresh.location), &fresh).first;
    }
    known->second->on_hand += d.on_hand;
    known->second->reserved += d.reserved;
    known->second->create |= d.create;
  }
  for (const saga::v1::EffectRequest* request : part.effects) {
    auto* kept = google::protobuf::Arena::CreateMessage<saga::v1::EffectRequest>(&keep);
    *kept = *request;
    calls_.push_back(kept);
  }
}

void TurnOutcome::add_records(const sagas::TurnResult& part, events::TurnWrite& write) {
  const ordersaga::log::v1::RecordMetadata* serialized = nullptr;
  std::string metadata;
  for (const sagas::TurnRecord& record : part.records) {
    const google::protobuf::Descriptor* type = record.payload->GetDescriptor();
    if (record.metadata != serialized) {
      serialized = record.metadata;
      metadata = serialized->SerializeAsString();
    }
    last_records_[record.shard] = write.records.size();
    events::NewRecord& out = write.records.emplace_back(events::NewRecord{
        record.shard, std::string(record.stream), record.version, events::number_of(type), record.payload->SerializeAsString(), metadata});
    // What differs from record to record is appended: concatenated messages are one merged message.
    const std::uint32_t version = events::schema_version_of(type);
    if (version <= 1) continue;
    ordersaga::log::v1::RecordMetadata extra;
    extra.set_schema_version(version);
    if (!extra.AppendToString(&out.metadata)) throw events::BadData("metadata cannot be written");
  }
}

void TurnOutcome::finish(const std::map<Shard, std::int64_t>& orders_numbered, events::TurnWrite& write) {
  for (const auto& [shard, last] : last_records_) {
    ordersaga::log::v1::RecordMetadata extra;
    auto numbered = orders_numbered.find(shard);
    extra.set_orders_numbered(numbered == orders_numbered.end() ? 0 : numbered->second);
    if (!extra.AppendToString(&write.records[last].metadata)) throw events::BadData("metadata cannot be written");
  }
  wakeup_of_.clear();
  for (Wakeup& w : wakeups_) (w.over ? write.ended : write.wakeups).push_back(std::move(w.at));
  wakeups_.clear();
  stock_of_.clear();
  for (events::StockDelta& d : stock_)
    if (d.on_hand != 0 || d.reserved != 0 || d.create) write.stock.push_back(std::move(d));
  stock_.clear();
}

}  // namespace ordersaga::consumers
