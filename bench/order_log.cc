#include "bench/order_log.h"

#include <fmt/core.h>
#include <google/protobuf/arena.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <vector>

#include "bench/sample_orders.h"
#include "events/codec.h"
#include "sagas/turn.h"

namespace ordersaga::bench {
namespace {

namespace saga = ordersaga::saga::v1;

saga::EffectResult answer(const saga::EffectRequest& q, bool declined) {
  saga::EffectResult r;
  r.set_saga(q.saga());
  r.set_step(q.step());
  r.set_attempt(q.attempt());
  r.set_compensation(q.compensation());
  r.set_operation(q.operation());
  r.set_outcome(declined ? saga::EFFECT_OUTCOME_FAILED : saga::EFFECT_OUTCOME_SUCCEEDED);
  if (declined) {
    r.set_code("PAYMENT_DECLINED");
    return r;
  }
  r.set_reference("ref-" + q.subject_id());
  *r.mutable_amount() = q.amount();
  r.set_carrier("carrier");
  r.set_tracking_number("T-" + q.subject_id());
  return r;
}

class Filling {
 public:
  Filling(int shards, std::string prefix, const OrderLogSink& sink) : shards_(shards), prefix_(std::move(prefix)), sink_(sink) {
    for (std::size_t i = 0; i < kSkus; ++i) known_.levels.add({sku(i), "main", 1'000'000'000, 0});
  }

  void wave(int first, int count) {
    google::protobuf::Arena arena;
    std::vector<std::string> ids;
    std::vector<order::v1::PlaceOrder> commands;
    for (int i = first; i < first + count; ++i) {
      ids.push_back(fmt::format("{}{:08}", prefix_, i));
      commands.push_back(make_order(ids.back(), static_cast<std::size_t>(i), false));
      known_.cases[ids.back()].order_id = ids.back();
    }
    std::vector<sagas::Input> inputs;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      auto* record = google::protobuf::Arena::CreateMessage<log::v1::InputRecord>(&arena);
      record->set_command_id("c-" + ids[i]);
      inputs.emplace_back(sagas::CommandInput{&commands[i], ids[i], record, "correlation-" + ids[i], "", "bench"});
    }
    sagas::TurnResult result = turn(inputs, arena);
    for (int step = 0; step < 2; ++step) {
      std::vector<saga::EffectResult> answers;
      answers.reserve(result.effects.size());
      for (std::size_t i = 0; i < result.effects.size(); ++i) answers.push_back(answer(*result.effects[i], step == 0 && i % 10 == 9));
      inputs.clear();
      for (const saga::EffectResult& a : answers) inputs.emplace_back(sagas::ResultInput{&a});
      result = turn(inputs, arena);
    }
    known_.cases.clear();
  }
  std::uint64_t records() const { return records_; }

 private:
  sagas::TurnResult turn(const std::vector<sagas::Input>& inputs, google::protobuf::Arena& arena) {
    const Timestamp now = sink_.now();
    sagas::TurnResult result = sagas::run_turn(inputs, known_, shards_, {now, &arena});
    std::vector<events::NewRecord> records;
    records.reserve(result.records.size());
    for (const sagas::TurnRecord& r : result.records)
      records.push_back({r.shard, std::string(r.stream), r.version, events::number_of(r.payload->GetDescriptor()),
                         r.payload->SerializeAsString(), r.metadata->SerializeAsString()});
    records_ += records.size();
    sink_.append(std::move(records), now);
    return result;
  }

  int shards_;
  std::string prefix_;
  const OrderLogSink& sink_;
  sagas::WorkingSet known_;
  std::uint64_t records_ = 0;
};

}  // namespace

std::uint64_t make_orders(int shards, const std::string& prefix, int orders, int wave, const OrderLogSink& sink) {
  Filling filling(shards, prefix, sink);
  for (int first = 0; first < orders; first += wave) filling.wave(first, std::min(wave, orders - first));
  return filling.records();
}

std::uint64_t fill_log(events::EventStore& store, const std::string& prefix, int orders, int wave) {
  std::vector<Shard> shards;
  for (int s = 0; s < store.shards(); ++s) shards.emplace_back(static_cast<std::int16_t>(s));
  Timestamp last{};
  for (const events::ShardHead& head : store.heads()) last = std::max(last, head.recorded_at);
  OrderLogSink sink;
  sink.now = [&] { return last = std::max(last, store.clock()); };
  sink.append = [&](std::vector<events::NewRecord>&& records, Timestamp now) {
    events::TurnWrite write;
    write.records = std::move(records);
    auto transaction = store.begin(shards);
    if (!std::holds_alternative<events::Written>(transaction->write(write, now)))
      throw std::runtime_error("the log refused the orders: are there others of this prefix?");
    transaction->commit();
  };
  return make_orders(store.shards(), prefix, orders, wave, sink);
}

}  // namespace ordersaga::bench
