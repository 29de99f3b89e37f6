#include "bench/order_log.h"

#include <fmt/core.h>
#include <google/protobuf/arena.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <vector>

#include "events/codec.h"
#include "sagas/turn.h"

namespace ordersaga::bench {
namespace {

namespace saga = ordersaga::saga::v1;

constexpr int kSkus = 100;

order::v1::PlaceOrder place(const std::string& id, int index) {
  order::v1::PlaceOrder p;
  p.set_order_id(id);
  p.set_customer_id(fmt::format("customer-{}", index % 1000));
  for (int i = 0; i < 2; ++i) {
    order::v1::OrderItem& item = *p.add_items();
    item.set_sku(fmt::format("SKU-{}", (index * 2 + i) % kSkus));
    item.set_quantity(1);
    item.mutable_unit_price()->set_currency_code("EUR");
    item.mutable_unit_price()->set_amount_minor(1250);
  }
  auto& a = *p.mutable_shipping_address();
  a.set_name("A. Customer");
  a.add_lines("Street 1");
  a.set_postcode("10115");
  a.set_city("Berlin");
  a.set_country_code("DE");
  p.mutable_payment()->set_method(order::v1::PAYMENT_METHOD_CREDIT_CARD);
  p.mutable_payment()->set_token("tok_approved");
  return p;
}

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
  Filling(events::EventStore& store, std::string prefix) : store_(store), prefix_(std::move(prefix)) {
    for (int i = 0; i < kSkus; ++i) known_.levels.add({fmt::format("SKU-{}", i), "main", 1'000'000'000, 0});
  }

  void wave(int first, int count) {
    google::protobuf::Arena arena;
    std::vector<std::string> ids;
    std::vector<order::v1::PlaceOrder> commands;
    for (int i = first; i < first + count; ++i) {
      ids.push_back(fmt::format("{}{:08}", prefix_, i));
      commands.push_back(place(ids.back(), i));
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
    std::vector<Shard> shards;
    for (int s = 0; s < store_.shards(); ++s) shards.emplace_back(static_cast<std::int16_t>(s));
    auto transaction = store_.begin(shards);
    Timestamp now = transaction->clock();
    for (const events::ShardHead& head : transaction->heads()) now = std::max(now, head.recorded_at);
    sagas::TurnResult result = sagas::run_turn(inputs, known_, store_.shards(), {now, &arena});
    events::TurnWrite write;
    for (const sagas::TurnRecord& r : result.records)
      write.records.push_back({r.shard, std::string(r.stream), r.version, events::number_of(r.payload->GetDescriptor()),
                               r.payload->SerializeAsString(), r.metadata->SerializeAsString()});
    records_ += write.records.size();
    if (!std::holds_alternative<events::Written>(transaction->write(write, now)))
      throw std::runtime_error("the log refused the orders: are there others of this prefix?");
    transaction->commit();
    return result;
  }

  events::EventStore& store_;
  std::string prefix_;
  sagas::WorkingSet known_;
  std::uint64_t records_ = 0;
};

}  // namespace

std::uint64_t fill_log(events::EventStore& store, const std::string& prefix, int orders, int wave) {
  Filling filling(store, prefix);
  for (int first = 0; first < orders; first += wave) filling.wave(first, std::min(wave, orders - first));
  return filling.records();
}

}  // namespace ordersaga::bench
