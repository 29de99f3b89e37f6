// What every store promises about that which waits for operators, and about who works on a shard.
#pragma once

#include "tests/contract/event_store_fixture.h"

namespace ordersaga::events {

template <class Stores>
class EventStoreOperatorsContract : public EventStoreFixture<Stores> {
 protected:
  const std::string order_ = this->stream_in(this->shard(1));
  const std::string saga_ = "saga-place_order-" + std::string(stream_key(order_));

  ParkedInput broken(const std::string& reason, const std::string& data = std::string("a\0b", 3)) const {
    ParkedInput p;
    p.shard = this->shard(1);
    p.saga = saga_;
    p.kind = "result";
    p.data = data;
    p.code = "INTERNAL";
    p.reason = reason;
    return p;
  }
  std::vector<ParkedInput> parked() { return this->store_->parked_inputs(this->all_shards()); }
};
TYPED_TEST_SUITE_P(EventStoreOperatorsContract);

TYPED_TEST_P(EventStoreOperatorsContract, an_input_is_parked_with_its_reason_and_its_saga_sleeps) {
  TurnWrite live;
  live.wakeups = {{this->shard(1), this->saga_, Timestamp(std::chrono::seconds(5)), true}};
  this->commit(live);
  TurnWrite turn;
  turn.parked = {this->broken("why")};
  this->commit(turn);
  ASSERT_EQ(this->parked().size(), 1u);
  ParkedInput first = this->parked()[0];
  EXPECT_EQ(first.saga, this->saga_);
  EXPECT_EQ(first.kind, "result");
  EXPECT_EQ(first.data, std::string("a\0b", 3));
  EXPECT_EQ(first.code, "INTERNAL");
  EXPECT_EQ(first.reason, "why");
  EXPECT_EQ(first.attempts, 1);
  EXPECT_GT(first.parked_at, Timestamp{});
  EXPECT_TRUE(this->store_->parked_inputs(std::vector{this->shard(0)}).empty());
  ASSERT_EQ(this->store_->wakeups().size(), 1u);
  EXPECT_EQ(this->store_->wakeups()[0].due_at, kNever);
  EXPECT_TRUE(this->store_->wakeups()[0].effect_outstanding);
}

TYPED_TEST_P(EventStoreOperatorsContract, what_breaks_again_is_counted_in_its_one_row) {
  for (const char* why : {"first", "second"}) {
    TurnWrite turn;
    turn.parked = {this->broken(why, why)};
    this->commit(turn);
  }
  ASSERT_EQ(this->parked().size(), 1u);
  EXPECT_EQ(this->parked()[0].attempts, 2);
  EXPECT_EQ(this->parked()[0].reason, "second");
  EXPECT_EQ(this->parked()[0].data, "second");
}

TYPED_TEST_P(EventStoreOperatorsContract, a_parked_input_is_read_under_its_shards_lock_and_unparked) {
  TurnWrite turn;
  turn.parked = {this->broken("why")};
  this->commit(turn);
  std::vector<std::int64_t> id{this->parked()[0].id};
  EXPECT_TRUE(this->begin({this->shard(0)})->read_parked(id).empty());
  EXPECT_EQ(this->begin({this->shard(1)})->read_parked(id).at(0).reason, "why");
  TurnWrite done;
  done.unparked = id;
  this->outcome_of(done);
  EXPECT_EQ(this->parked().size(), 1u) << "that was rolled back";
  this->commit(done);
  EXPECT_TRUE(this->parked().empty());
}

TYPED_TEST_P(EventStoreOperatorsContract, what_cannot_be_stored_is_not_parked) {
  TurnWrite turn;
  turn.parked = {this->broken(std::string("a\0b", 3))};
  EXPECT_THROW(this->outcome_of(turn), BadData);
}

TYPED_TEST_P(EventStoreOperatorsContract, an_operators_command_stays_until_a_turn_ends_it) {
  this->stores_.submit(this->shard(1), "k", "m1", "some.Type", "application/protobuf", std::string("\x01\0\xff", 3));
  this->stores_.submit(this->shard(2), "k", "m2", "some.Type", "application/protobuf", "x");
  EXPECT_EQ(this->store_->operator_commands(this->all_shards(), 10).size(), 2u);
  EXPECT_EQ(this->store_->operator_commands(this->all_shards(), 1).size(), 1u);
  auto mine = this->store_->operator_commands(std::vector{this->shard(1)}, 10);
  ASSERT_EQ(mine.size(), 1u);
  EXPECT_EQ(mine[0].key, "k");
  EXPECT_EQ(mine[0].message_id, "m1");
  EXPECT_EQ(mine[0].type, "some.Type");
  EXPECT_EQ(mine[0].content_type, "application/protobuf");
  EXPECT_EQ(mine[0].data, std::string("\x01\0\xff", 3));
  EXPECT_FALSE(mine[0].actor.empty());
  TurnWrite done;
  done.operator_done = {mine[0].id};
  this->commit(done);
  EXPECT_EQ(this->store_->operator_commands(this->all_shards(), 10).size(), 1u);
}

TYPED_TEST_P(EventStoreOperatorsContract, a_shard_that_was_not_given_back_is_found_so) {
  std::vector<Shard> shards{this->shard(0), this->shard(2)};
  auto exits = [&](const char* owner) {
    std::vector<int> out;
    for (const Custody& c : this->store_->take_custody(shards, owner)) out.push_back(c.unclean_exits);
    return out;
  };
  EXPECT_EQ(exits("a"), (std::vector{0, 0}));
  EXPECT_EQ(exits("b"), (std::vector{1, 1})) << "a did not give them back";
  this->store_->release_custody(shards, "a");
  EXPECT_EQ(exits("c"), (std::vector{2, 2})) << "what another has taken since is not a's to give back";
  this->store_->settle_custody(shards, "c");
  EXPECT_EQ(exits("d"), (std::vector{1, 1}));
  this->store_->release_custody(shards, "d");
  EXPECT_EQ(exits("e"), (std::vector{0, 0}));
}

TYPED_TEST_P(EventStoreOperatorsContract, attempts_are_counted_by_input_until_they_are_cleared) {
  Shard s = this->shard(1);
  EXPECT_EQ(this->store_->note_attempt(s, "x"), 1);
  EXPECT_EQ(this->store_->note_attempt(s, "y"), 1);
  EXPECT_EQ(this->stores_.open()->note_attempt(s, "x"), 2);
  this->store_->clear_attempt(s, "x");
  EXPECT_EQ(this->store_->note_attempt(s, "x"), 1);
}

TYPED_TEST_P(EventStoreOperatorsContract, a_shard_that_is_held_is_not_waited_for) {
  auto other = this->stores_.open();
  {
    auto held = this->begin({this->shard(1)});
    EXPECT_EQ(other->try_begin(std::vector{this->shard(0), this->shard(1)}), nullptr);
    EXPECT_NE(other->try_begin(std::vector{this->shard(0)}), nullptr) << "it kept nothing of the first try";
  }
  auto turn = other->try_begin(std::vector{this->shard(0), this->shard(1)});
  ASSERT_NE(turn, nullptr);
  EXPECT_EQ(turn->heads().size(), 2u);
}

REGISTER_TYPED_TEST_SUITE_P(EventStoreOperatorsContract, an_input_is_parked_with_its_reason_and_its_saga_sleeps,
                            what_breaks_again_is_counted_in_its_one_row, a_parked_input_is_read_under_its_shards_lock_and_unparked,
                            what_cannot_be_stored_is_not_parked, an_operators_command_stays_until_a_turn_ends_it,
                            a_shard_that_was_not_given_back_is_found_so, attempts_are_counted_by_input_until_they_are_cleared,
                            a_shard_that_is_held_is_not_waited_for);

}  // namespace ordersaga::events
