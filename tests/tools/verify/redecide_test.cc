// I16, on records that the pure turn made.
#include "tools/verify/redecide.h"

#include <gtest/gtest.h>

#include "events/codec.h"
#include "ordersaga/inventory/v1/commands.pb.h"
#include "ordersaga/order/v1/commands.pb.h"
#include "ordersaga/order/v1/events.pb.h"
#include "ordersaga/saga/v1/operator.pb.h"
#include "ordersaga/shipment/v1/commands.pb.h"
#include "schemas/streams.h"
#include "tests/tools/verify/history.h"

namespace ordersaga::verify::test {
namespace {

using google::protobuf::Arena;
using google::protobuf::Message;

// A log as the orchestrator writes it, out of turns of one input each.
class Decisions : public testing::Test {
 protected:
  void receive(const std::string& sku, int quantity) {
    inventory::v1::ReceiveStock command;
    command.set_sku(sku);
    command.set_location("ams");
    command.set_quantity(quantity);
    send(sku, command);
  }

  void place(const std::string& order, const std::string& sku, int quantity = 2) {
    order::v1::PlaceOrder command;
    command.set_order_id(order);
    command.set_customer_id("customer-1");
    order::v1::OrderItem& item = *command.add_items();
    item.set_sku(sku);
    item.set_quantity(quantity);
    item.mutable_unit_price()->set_currency_code("EUR");
    item.mutable_unit_price()->set_amount_minor(1250);
    common::v1::Address& address = *command.mutable_shipping_address();
    address.set_name("A. Customer");
    address.add_lines("Street 1");
    address.set_postcode("10115");
    address.set_city("Berlin");
    address.set_country_code("DE");
    command.mutable_payment()->set_method(order::v1::PAYMENT_METHOD_TOKEN);
    command.mutable_payment()->set_token("tok_approved");
    send(order, command);
  }

  void send(const std::string& key, const Message& command) {
    auto* record = Arena::CreateMessage<log::v1::InputRecord>(&arena_);
    record->set_command_id("command-" + std::to_string(++commands_));
    record->set_type(command.GetDescriptor()->full_name());
    record->set_data(command.SerializeAsString());
    run(sagas::CommandInput{&command, key, record, "correlation", "", "tester"});
  }

  // Answers the newest call.
  void answer(saga::v1::EffectOutcome outcome, const std::string& code = {}) {
    saga::v1::EffectResult result;
    result.set_saga(request_.saga());
    result.set_step(request_.step());
    result.set_attempt(request_.attempt());
    result.set_compensation(request_.compensation());
    result.set_operation(request_.operation());
    result.set_outcome(outcome);
    result.set_code(code);
    result.set_reference("reference");
    *result.mutable_amount() = request_.amount();
    result.set_carrier("carrier");
    result.set_tracking_number("T1");
    run(sagas::ResultInput{&result});
  }

  // The saga's timer, when it is due.
  void wake(const std::string& saga) {
    ASSERT_TRUE(wake_at_.count(saga));
    now_ = std::max(now_, wake_at_.at(saga));
    run(sagas::WakeInput{saga});
  }

  void run(const sagas::Input& input) {
    now_ += std::chrono::milliseconds(7);
    if (sagas::Needs needs = sagas::needs_of(input); !needs.order_id.empty()) known_.cases[needs.order_id].order_id = needs.order_id;
    sagas::TurnResult result = sagas::run_turn({&input, 1}, known_, kShards, {now_, &arena_});
    for (const sagas::TurnRecord& r : result.records) {
      auto& log = history_.log[static_cast<std::size_t>(r.shard.value)];
      events::RecordedEvent record;
      record.shard = r.shard;
      record.position = Position(static_cast<std::int64_t>(log.size()) + 1);
      record.stream = r.stream;
      record.version = r.version;
      record.type = events::number_of(r.payload->GetDescriptor());
      record.payload = r.payload->SerializeAsString();
      record.metadata = r.metadata->SerializeAsString();
      record.recorded_at = now_;
      history_.snapshots[static_cast<std::size_t>(r.shard.value)].head = record.position;
      log.push_back(std::move(record));
    }
    for (const sagas::NextWakeup& w : result.wakeups) wake_at_[std::string(w.saga)] = w.at;
    if (!result.effects.empty()) request_ = *result.effects.back();
  }

  std::vector<Finding> judge() { return check({.log = &history_, .tables = &history_}, {Group::decisions}).findings.kept(); }
  std::string words() {
    std::string all;
    for (const Finding& f : judge()) all += f.invariant + " " + f.subject + ": " + f.expected + " / " + f.found + "\n";
    return all;
  }
  // The key's first record of that type; its message is changed by `spoil`.
  template <class M, class F>
  void spoil(const std::string& key, F&& spoil) {
    for (events::RecordedEvent& r : history_.log_of(key)) {
      log::v1::RecordMetadata metadata;
      ASSERT_TRUE(metadata.ParseFromString(r.metadata));
      if (events::type_of(r.type) != M::descriptor() || (r.stream.empty() ? metadata.key() : stream_key(r.stream)) != key) continue;
      M message;
      ASSERT_TRUE(message.ParseFromString(r.payload));
      spoil(message);
      r.payload = message.SerializeAsString();
      return;
    }
    FAIL() << "no " << M::descriptor()->name();
  }

  History history_;
  Arena arena_;
  sagas::WorkingSet known_;
  saga::v1::EffectRequest request_;
  std::map<std::string, Timestamp> wake_at_;
  Timestamp now_{std::chrono::seconds(1'700'000'000)};
  int commands_ = 0;
};

TEST_F(Decisions, RepeatForOrdersThatGoThroughAndOnesThatAreUndone) {
  receive("SKU-1", 10);
  place("a", "SKU-1");
  answer(saga::v1::EFFECT_OUTCOME_SUCCEEDED);  // authorized
  answer(saga::v1::EFFECT_OUTCOME_SUCCEEDED);  // booked
  shipment::v1::RecordPack pack;
  pack.set_order_id("a");
  send("a", pack);
  answer(saga::v1::EFFECT_OUTCOME_SUCCEEDED);  // captured
  place("b", "SKU-1");
  answer(saga::v1::EFFECT_OUTCOME_FAILED, "PAYMENT_DECLINED");
  place("c", "SKU-1", 1'000);  // short
  place("d", "NO-SUCH-SKU");   // refused
  place("a", "SKU-1");         // used id
  place("e", "SKU-1");
  answer(saga::v1::EFFECT_OUTCOME_UNKNOWN);
  wake("saga-place_order-e");
  EXPECT_EQ(words(), "");
}

TEST_F(Decisions, AreNotAskedOfWhatTheOrchestratorDidByItself) {
  receive("SKU-1", 10);
  place("a", "SKU-1");
  auto record = [&](const Message& command, common::v1::Outcome outcome) {
    log::v1::InputRecord input;
    input.set_command_id("command-" + std::to_string(++commands_));
    input.set_type(command.GetDescriptor()->full_name());
    input.set_data(command.SerializeAsString());
    input.set_outcome(outcome);
    history_.decide("a", input);
  };
  saga::v1::ResendRequest resend;
  resend.set_order_id("a");
  resend.set_definition("place_order");
  record(resend, common::v1::OUTCOME_ACCEPTED);
  record(shipment::v1::RecordPack(), common::v1::OUTCOME_FAILED);  // it broke its turn
  EXPECT_EQ(words(), "");
}

TEST_F(Decisions, AreFoundToDifferInWhatAnEventSays) {
  receive("SKU-1", 10);
  place("a", "SKU-1");
  spoil<order::v1::OrderPlaced>("a", [](order::v1::OrderPlaced& placed) { placed.mutable_totals()->set_total_minor(1); });
  std::vector<Finding> findings = judge();
  EXPECT_EQ(broken(findings), std::vector<std::string>{"I16"});
  EXPECT_NE(findings.at(0).found.find("total_minor"), std::string::npos) << findings.at(0).found;
}

TEST_F(Decisions, AreFoundToHaveLostARecord) {
  receive("SKU-1", 10);
  place("a", "SKU-1");
  history_.log_of("a").pop_back();
  history_.snapshots[history_.index("a")].head = history_.log_of("a").back().position;
  EXPECT_EQ(broken(judge()), std::vector<std::string>{"I16"});
}

TEST_F(Decisions, AreFoundToLeadElsewhereOutOfAnotherCommand) {
  receive("SKU-1", 10);
  place("a", "SKU-1");
  spoil<log::v1::InputRecord>("a", [](log::v1::InputRecord& input) {
    order::v1::PlaceOrder command;
    command.ParseFromString(input.data());
    command.set_notes("other");
    input.set_data(command.SerializeAsString());
  });
  EXPECT_EQ(broken(judge()), std::vector<std::string>{"I16"});
}

TEST_F(Decisions, AreFoundToComeOfATimerThatWouldDoNothing) {
  receive("SKU-1", 10);
  place("e", "SKU-1");
  answer(saga::v1::EFFECT_OUTCOME_UNKNOWN);
  wake("saga-place_order-e");
  for (events::RecordedEvent& r : history_.log_of("e")) {
    log::v1::RecordMetadata metadata;
    metadata.ParseFromString(r.metadata);
    if (metadata.saga().kind() == log::v1::SAGA_CAUSE_KIND_TIMER) r.recorded_at -= std::chrono::hours(1);
  }
  EXPECT_EQ(broken(judge()), std::vector<std::string>{"I16"});
}

TEST_F(Decisions, AreFoundNotToRepeatWhenTheCommandCannotBeRead) {
  receive("SKU-1", 10);
  place("a", "SKU-1");
  spoil<log::v1::InputRecord>("a", [](log::v1::InputRecord& input) { input.set_data("\xff\xff"); });
  EXPECT_EQ(broken(judge()), std::vector<std::string>{"I16"});
}

}  // namespace
}  // namespace ordersaga::verify::test
