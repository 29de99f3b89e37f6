// Runs turns over a working set in memory and answers effects by hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ordersaga/saga/v1/saga.pb.h"
#include "sagas/turn.h"

namespace ordersaga::sagas {

namespace order = ordersaga::order::v1;
namespace inventory = ordersaga::inventory::v1;
namespace shipment = ordersaga::shipment::v1;
using aggregates::Arena;

inline constexpr int kShards = 16;

class TurnFixture : public testing::Test {
 protected:
  Context context() { return {now_, &arena_}; }

  void stock(const std::string& sku, std::int64_t units) { known_.levels.add({sku, "main", units, 0}); }

  order::PlaceOrder place(const std::string& id, int quantity = 2) {
    order::PlaceOrder p;
    p.set_order_id(id);
    p.set_customer_id("customer-1");
    order::OrderItem& item = *p.add_items();
    item.set_sku("SKU-1");
    item.set_quantity(quantity);
    item.mutable_unit_price()->set_currency_code("EUR");
    item.mutable_unit_price()->set_amount_minor(1250);
    auto& a = *p.mutable_shipping_address();
    a.set_name("A. Customer");
    a.add_lines("Street 1");
    a.set_postcode("10115");
    a.set_city("Berlin");
    a.set_country_code("DE");
    p.mutable_payment()->set_method(order::PAYMENT_METHOD_CREDIT_CARD);
    p.mutable_payment()->set_token("tok_approved");
    return p;
  }

  TurnResult run(const std::vector<Input>& inputs) {
    for (const Input& input : inputs)
      if (Needs needs = needs_of(input); !needs.order_id.empty()) known_.cases[needs.order_id].order_id = needs.order_id;
    TurnResult result = run_turn(inputs, known_, kShards, context());
    for (const TurnRecord& r : result.records) {
      types_.push_back(r.payload->GetDescriptor()->name());
      history_.push_back({std::string(r.stream), r.version, r.payload, now_});
    }
    for (const v1::EffectRequest* e : result.effects) requests_.push_back(*e);
    return result;
  }

  TurnResult command(const std::string& key, const Message& message,
                     ordersaga::log::v1::ReplyWhen when = ordersaga::log::v1::REPLY_WHEN_COMPLETED) {
    auto* record = Arena::CreateMessage<ordersaga::log::v1::InputRecord>(&arena_);
    record->set_command_id("command-" + std::to_string(++commands_));
    record->set_type(std::string(message.GetDescriptor()->full_name()));
    record->mutable_reply()->set_topic("ordersaga.replies.test.v1");
    record->mutable_reply()->set_when(when);
    last_command_ = record;
    return run({CommandInput{&message, key, record, "correlation-1", "", "tester"}});
  }

  // Answers the oldest request that has no answer yet.
  v1::EffectResult answer(v1::EffectOutcome outcome, const std::string& code = {}) {
    EXPECT_LT(answered_, requests_.size()) << "nothing is outstanding";
    return answer_to(requests_.at(answered_++), outcome, code);
  }
  v1::EffectResult answer_to(const v1::EffectRequest& q, v1::EffectOutcome outcome, const std::string& code = {}) {
    v1::EffectResult r;
    r.set_saga(q.saga());
    r.set_step(q.step());
    r.set_attempt(q.attempt());
    r.set_compensation(q.compensation());
    r.set_operation(q.operation());
    r.set_outcome(outcome);
    r.set_code(code);
    if (outcome == v1::EFFECT_OUTCOME_SUCCEEDED) {
      r.set_reference("ref-" + q.idempotency_key());
      *r.mutable_amount() = q.amount();
      r.set_carrier("carrier");
      r.set_tracking_number("T1");
      r.set_tracking_status(shipment::TRACKING_STATUS_DELIVERED);
    }
    return r;
  }
  TurnResult result(const v1::EffectResult& r) { return run({ResultInput{&r}}); }
  TurnResult wake(const std::string& saga) { return run({WakeInput{saga}}); }

  OrderCase& order_case(const std::string& id) { return known_.cases.at(id); }
  SagaState& saga(const std::string& id, int definition) { return saga_of(order_case(id), definition).state; }
  const v1::EffectRequest& last_request() { return requests_.back(); }
  bool happened(const std::string& type) const { return std::find(types_.begin(), types_.end(), type) != types_.end(); }
  long count(const std::string& type) const { return std::count(types_.begin(), types_.end(), type); }

  void advance_to_confirmed(const std::string& id) {
    stock("SKU-1", 10);
    command(id, *keep(place(id)));
    result(answer(v1::EFFECT_OUTCOME_SUCCEEDED));
  }
  template <class M>
  M* keep(const M& m) {
    M* copy = Arena::CreateMessage<M>(&arena_);
    *copy = m;
    return copy;
  }

  // What a reader of the log would know.
  OrderCase refold(const std::string& id) {
    OrderCase c;
    c.order_id = id;
    for (const Recorded& r : history_) {
      std::optional<StreamName> name = parse_stream(r.stream);
      if (!name || name->key != id || name->kind == StreamKind::stock) continue;
      EXPECT_TRUE(apply(c, *name, r.version, *r.payload, r.at)) << r.stream;
    }
    return c;
  }

  struct Recorded {
    std::string stream;
    Version version;
    const Message* payload;
    Timestamp at;
  };

  Timestamp now_{std::chrono::hours(24 * 365 * 50)};
  Arena arena_;
  WorkingSet known_;
  std::vector<std::string> types_;
  std::vector<Recorded> history_;
  std::vector<v1::EffectRequest> requests_;
  std::size_t answered_ = 0;
  int commands_ = 0;
  ordersaga::log::v1::InputRecord* last_command_ = nullptr;
};

inline constexpr int kPlace = 0;
inline constexpr int kFulfil = 1;

}  // namespace ordersaga::sagas
