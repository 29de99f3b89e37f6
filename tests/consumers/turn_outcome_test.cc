// A turn that is run part by part writes what it writes in one piece, and keeps nothing of a part but that.
#include "consumers/turn_outcome.h"

#include <gtest/gtest.h>

#include "tests/sagas/turn_fixture.h"

namespace ordersaga::consumers {
namespace {

using google::protobuf::Arena;

class TurnInParts : public sagas::TurnFixture {
 protected:
  static constexpr int kOrders = 20;

  struct Outcome {
    events::TurnWrite write;
    std::vector<std::size_t> input_records;
    std::vector<std::string> calls;
  };

  // Orders are placed, and the last one cannot be. Every second one has its payment's answer in the same turn: yes or no.
  std::vector<sagas::Input> inputs(Arena& arena) {
    std::vector<sagas::Input> inputs;
    for (int i = 0; i < kOrders; ++i) {
      auto* record = Arena::CreateMessage<ordersaga::log::v1::InputRecord>(&arena);
      record->set_command_id("command-" + std::to_string(i));
      record->set_type("ordersaga.order.v1.PlaceOrder");
      auto* command = Arena::CreateMessage<sagas::order::PlaceOrder>(&arena);
      *command = place(id(i), i + 1 == kOrders ? 1'000'000 : 2);
      inputs.emplace_back(sagas::CommandInput{command, id(i), record, "correlation", "", "tester"});
    }
    for (const saga::v1::EffectResult& answer : answers_) inputs.emplace_back(sagas::ResultInput{&answer});
    return inputs;
  }
  void SetUp() override {
    sagas::WorkingSet known = empty();
    const sagas::TurnResult placed = run_turn(inputs(arena_), known, sagas::kShards, context());
    ASSERT_EQ(placed.effects.size(), static_cast<std::size_t>(kOrders - 1));
    for (std::size_t i = 0; i < placed.effects.size(); i += 2)
      answers_.push_back(answer_to(*placed.effects[i], i % 4 == 0 ? saga::v1::EFFECT_OUTCOME_FAILED : saga::v1::EFFECT_OUTCOME_SUCCEEDED,
                                   i % 4 == 0 ? "PAYMENT_DECLINED" : ""));
  }
  static sagas::WorkingSet empty() {
    sagas::WorkingSet known;
    known.levels.add({"SKU-1", "main", 1'000, 0});
    for (int i = 0; i < kOrders; ++i) known.cases[id(i)].order_id = id(i);
    return known;
  }
  static std::string id(int i) { return "an-order-whose-id-is-not-short-" + std::to_string(i); }

  Outcome run_in_parts_of(std::size_t size) {
    sagas::WorkingSet known = empty();
    Arena keep;
    const std::vector<sagas::Input> all = inputs(keep);
    Outcome out;
    TurnOutcome outcome;
    for (std::span<const sagas::Input> rest = all; !rest.empty(); rest = rest.subspan(std::min(size, rest.size()))) {
      Arena arena;  // gone after each part
      outcome.add(run_turn(rest.first(std::min(size, rest.size())), known, sagas::kShards, {now_, &arena}), out.write, keep);
    }
    outcome.finish(known.orders_numbered, out.write);
    out.input_records = outcome.input_records();
    for (const saga::v1::EffectRequest* call : outcome.calls()) out.calls.push_back(call->SerializeAsString());
    return out;
  }

  std::vector<saga::v1::EffectResult> answers_;
};

TEST_F(TurnInParts, WritesTheSameAsInOnePiece) {
  const Outcome whole = run_in_parts_of(1'000);
  ASSERT_GT(whole.write.records.size(), 100U);
  ASSERT_GT(whole.calls.size(), 0U);
  for (std::size_t size : {1, 7, 20}) {
    SCOPED_TRACE(size);
    const Outcome parts = run_in_parts_of(size);
    ASSERT_EQ(parts.write.records.size(), whole.write.records.size());
    for (std::size_t i = 0; i < whole.write.records.size(); ++i) {
      const events::NewRecord &is = parts.write.records[i], &should = whole.write.records[i];
      EXPECT_EQ(std::tie(is.shard, is.stream, is.version, is.type, is.payload),
                std::tie(should.shard, should.stream, should.version, should.type, should.payload));
      EXPECT_EQ(is.metadata, should.metadata);
    }
    EXPECT_EQ(parts.input_records, whole.input_records);
    EXPECT_EQ(parts.calls, whole.calls);
  }
}

TEST_F(TurnInParts, GivesEachSagaOneWakeUpItsLastAndEachLevelOneChange) {
  for (std::size_t size : {1, 7, 1'000}) {
    SCOPED_TRACE(size);
    const Outcome parts = run_in_parts_of(size);
    std::set<std::string> sagas;
    for (const auto* list : {&parts.write.wakeups, &parts.write.ended})
      for (const events::Wakeup& w : *list) EXPECT_TRUE(sagas.insert(w.saga).second) << w.saga;
    EXPECT_GE(sagas.size(), static_cast<std::size_t>(kOrders - 1));
    ASSERT_EQ(parts.write.stock.size(), 1U);
    const Outcome whole = run_in_parts_of(1'000);
    EXPECT_EQ(parts.write.stock[0].reserved, whole.write.stock[0].reserved);
    ASSERT_EQ(parts.write.wakeups.size(), whole.write.wakeups.size());
    for (std::size_t i = 0; i < whole.write.wakeups.size(); ++i) {
      EXPECT_EQ(parts.write.wakeups[i].saga, whole.write.wakeups[i].saga);
      EXPECT_EQ(parts.write.wakeups[i].due_at, whole.write.wakeups[i].due_at);
      EXPECT_EQ(parts.write.wakeups[i].effect_outstanding, whole.write.wakeups[i].effect_outstanding);
    }
    EXPECT_EQ(parts.write.ended.size(), whole.write.ended.size());
  }
}

TEST_F(TurnInParts, SaysHowManyOrdersAShardHasNumberedOnceInItsLastRecord) {
  const Outcome parts = run_in_parts_of(7);
  std::map<Shard, std::int64_t> said, numbered;
  std::map<Shard, std::size_t> last;
  for (std::size_t i = 0; i < parts.write.records.size(); ++i) last[parts.write.records[i].shard] = i;
  for (std::size_t i = 0; i < parts.write.records.size(); ++i) {
    const events::NewRecord& record = parts.write.records[i];
    ordersaga::log::v1::RecordMetadata metadata;
    ASSERT_TRUE(metadata.ParseFromString(record.metadata));
    if (last[record.shard] == i)
      said[record.shard] = metadata.orders_numbered();
    else
      EXPECT_EQ(metadata.orders_numbered(), 0);
  }
  for (int i = 0; i < kOrders; ++i) ++numbered[shard_of(id(i), sagas::kShards)];
  std::int64_t sum = 0, orders = 0;
  for (const auto& [shard, n] : said) sum += n;
  for (const auto& [shard, n] : numbered) orders += n;
  EXPECT_GE(sum, orders - 1);  // one of them could not be placed
}

}  // namespace
}  // namespace ordersaga::consumers
