// The contract's first part: the log, its shards, their locks and its streams (event_store_contract.h).
#pragma once

#include "tests/contract/event_store_fixture.h"

namespace ordersaga::events {

template <class Stores>
class EventStoreLogContract : public EventStoreFixture<Stores> {};

TYPED_TEST_SUITE_P(EventStoreLogContract);

TYPED_TEST_P(EventStoreLogContract, an_empty_store_has_empty_heads) {
  auto heads = this->store_->heads();
  ASSERT_EQ(heads.size(), static_cast<std::size_t>(this->kShards));
  for (std::size_t i = 0; i < heads.size(); ++i) {
    EXPECT_EQ(heads[i].shard, this->shard(static_cast<int>(i)));
    EXPECT_EQ(heads[i].position, Position(0));
  }
  EXPECT_EQ(this->store_->shards(), this->kShards);
  EXPECT_GE(this->store_->epoch(), Epoch(1));
}

TYPED_TEST_P(EventStoreLogContract, positions_of_a_shard_are_dense_from_one) {
  Shard a = this->shard(1), b = this->shard(2);
  auto first = this->commit(this->records({streamless(a), streamless(b), streamless(a)}));
  EXPECT_EQ(first, (std::vector{Position(1), Position(1), Position(2)}));
  auto second = this->commit(this->records({streamless(b), streamless(a), streamless(a)}));
  EXPECT_EQ(second, (std::vector{Position(2), Position(3), Position(4)}));
  auto log = this->log_of(a);
  ASSERT_EQ(log.size(), 4u);
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i].position, Position(static_cast<std::int64_t>(i) + 1));
}

TYPED_TEST_P(EventStoreLogContract, a_record_is_read_as_it_was_written) {
  Shard s = this->shard(0);
  std::string stream = this->stream_in(s);
  std::string bytes("\0\x01\\\"{},\xff\x80 '", 11);
  NewRecord record{s, stream, Version(1), TypeNumber(102), bytes, std::string("\xfe\0", 2)};
  this->commit(this->records({record, {s, "", Version(0), TypeNumber(601), "", ""}}));
  auto log = this->log_of(s);
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0].shard, s);
  EXPECT_EQ(log[0].stream, stream);
  EXPECT_EQ(log[0].version, Version(1));
  EXPECT_EQ(log[0].type, TypeNumber(102));
  EXPECT_EQ(log[0].payload, bytes);
  EXPECT_EQ(log[0].metadata, std::string("\xfe\0", 2));
  EXPECT_EQ(log[1].stream, "");
  EXPECT_EQ(log[1].version, Version(0));
  EXPECT_EQ(log[1].payload, "");
}

TYPED_TEST_P(EventStoreLogContract, records_carry_the_time_of_their_turn) {
  auto turn = this->begin({this->shard(3)});
  Timestamp now = this->now_of(*turn) + std::chrono::microseconds(7);
  turn->write(this->records({streamless(this->shard(3)), streamless(this->shard(3))}), now);
  turn->commit();
  for (const RecordedEvent& r : this->log_of(this->shard(3))) EXPECT_EQ(r.recorded_at, now);
  auto next = this->begin({this->shard(3)});
  ASSERT_EQ(next->heads().size(), 1u);
  EXPECT_EQ(next->heads()[0].recorded_at, now);
  EXPECT_EQ(next->heads()[0].position, Position(2));
  EXPECT_EQ(next->heads()[0].metadata, "m");
}

TYPED_TEST_P(EventStoreLogContract, a_time_before_the_shards_last_record_is_a_mistake_of_the_caller) {
  this->commit(this->records({streamless(this->shard(0))}));
  auto turn = this->begin({this->shard(0)});
  EXPECT_THROW(turn->write(this->records({streamless(this->shard(0))}), turn->heads()[0].recorded_at - std::chrono::microseconds(1)),
               std::logic_error);
}

TYPED_TEST_P(EventStoreLogContract, a_stream_grows_by_the_expected_version_only) {
  std::string stream = this->stream_in(this->shard(1));
  this->commit(this->records({this->event(stream, 1), this->event(stream, 2)}));
  for (int wrong : {1, 2, 4, 5}) {
    auto outcome = this->outcome_of(this->records({this->event(stream, wrong)}));
    ASSERT_TRUE(std::holds_alternative<VersionConflict>(outcome)) << wrong;
    EXPECT_EQ(std::get<VersionConflict>(outcome).stream, stream);
  }
  EXPECT_TRUE(std::holds_alternative<VersionConflict>(this->outcome_of(this->records({this->event("order-new", 2)}))));
  this->commit(this->records({this->event(stream, 3), this->event(stream, 4)}));
  EXPECT_EQ(this->store_->read_stream(stream, Version(0), 10).size(), 4u);
}

// The caller answers for its versions; what is there already still cannot be overwritten.
TYPED_TEST_P(EventStoreLogContract, a_version_that_is_said_to_be_known_and_is_taken_is_a_conflict) {
  std::string stream = this->stream_in(this->shard(1)), other = this->stream_in(this->shard(2));
  TurnWrite first = this->records({this->event(stream, 1), this->event(stream, 2)});
  first.versions_are_known = true;
  this->commit(first);
  TurnWrite again = this->records({this->event(other, 1), this->event(stream, 2)});
  again.versions_are_known = true;
  auto outcome = this->outcome_of(again);
  EXPECT_TRUE(std::holds_alternative<VersionConflict>(outcome));
  EXPECT_EQ(this->everything().size(), 2u);
}

TYPED_TEST_P(EventStoreLogContract, versions_within_a_turn_have_no_hole) {
  std::string stream = this->stream_in(this->shard(1));
  EXPECT_TRUE(std::holds_alternative<VersionConflict>(this->outcome_of(this->records({this->event(stream, 1), this->event(stream, 3)}))));
  EXPECT_TRUE(std::holds_alternative<VersionConflict>(this->outcome_of(this->records({this->event(stream, 1), this->event(stream, 1)}))));
}

TYPED_TEST_P(EventStoreLogContract, a_conflict_in_one_stream_keeps_every_other_out) {
  std::string good = this->stream_in(this->shard(0)), bad = this->stream_in(this->shard(2));
  auto turn = this->begin(this->all_shards());
  auto outcome = this->write_in(*turn, this->records({this->event(good, 1), this->event(bad, 5)}));
  ASSERT_TRUE(std::holds_alternative<VersionConflict>(outcome));
  EXPECT_EQ(std::get<VersionConflict>(outcome).stream, bad);
  turn.reset();
  EXPECT_TRUE(this->everything().empty());
}

// A store may answer from what the turn has read; the answer is the same.
TYPED_TEST_P(EventStoreLogContract, a_stream_that_the_turn_has_read_grows_by_the_expected_version_only) {
  Shard s = this->shard(1);
  std::string stream = this->stream_in(s), key(stream_key(stream)), paid = "payment-" + key + ".1", again = "payment-" + key + ".2";
  this->commit(this->records({this->event(stream, 1), this->event(stream, 2), this->event(paid, 1)}));
  auto outcome_after_reading = [&](const std::string& where, int version) {
    auto turn = this->begin({s});
    turn->read_streams(std::vector<std::string>{stream, "reservation-" + key, "payment-" + key + "."});
    return this->write_in(*turn, this->records({this->event(where, version)}));
  };
  for (auto [where, next] : {std::pair(stream, 3), std::pair("reservation-" + key, 1), std::pair(paid, 2), std::pair(again, 1),
                             std::pair("shipment-" + key + ".1", 1)})
    for (int version : {1, 2, 3, 4}) {
      auto outcome = outcome_after_reading(where, version);
      EXPECT_EQ(std::holds_alternative<Written>(outcome), version == next) << where << " " << version;
    }
}

TYPED_TEST_P(EventStoreLogContract, a_turn_over_several_streams_and_shards_is_one) {
  std::vector<NewRecord> records;
  for (Shard s : this->all_shards())
    for (int n = 0; n < 2; ++n) records.push_back(this->event(this->stream_in(s, n), 1));
  {
    auto turn = this->begin(this->all_shards());
    ASSERT_TRUE(std::holds_alternative<Written>(this->write_in(*turn, this->records(records))));
    EXPECT_TRUE(this->stores_.open()->read_shards(std::vector{ShardPosition{this->shard(0), Position(0)}}, 10).empty())
        << "another session saw what is not committed";
  }
  EXPECT_TRUE(this->everything().empty()) << "a turn that was not committed left something";
  this->commit(this->records(records));
  EXPECT_EQ(this->everything().size(), records.size());
}

TYPED_TEST_P(EventStoreLogContract, a_second_writer_of_a_shard_waits_and_then_sees_the_first) {
  Shard s = this->shard(2);
  auto first = this->begin({s});
  this->write_in(*first, this->records({streamless(s)}));
  std::atomic<bool> committed = false;
  auto second = std::async(std::launch::async, [&] {
    auto store = this->stores_.open();
    auto turn = store->begin(std::vector{s});
    bool waited = committed;
    return std::pair(waited, turn->heads()[0].position);
  });
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(80)), std::future_status::timeout);
  committed = true;
  first->commit();
  auto [waited, head] = second.get();
  EXPECT_TRUE(waited);
  EXPECT_EQ(head, Position(1));
}

TYPED_TEST_P(EventStoreLogContract, writers_of_different_shards_do_not_wait) {
  auto first = this->begin({this->shard(0), this->shard(2)});
  auto store = this->stores_.open();
  auto second = store->begin(std::vector{this->shard(1), this->shard(3)});
  EXPECT_TRUE(std::holds_alternative<Written>(this->write_in(*second, this->records({streamless(this->shard(1))}))));
  second->commit();
}

TYPED_TEST_P(EventStoreLogContract, a_shard_that_is_held_too_long_is_busy) {
  auto first = this->begin({this->shard(0)});
  auto store = this->stores_.open();
  EXPECT_THROW(store->begin(std::vector{this->shard(0)}), ShardBusy);
  first.reset();
  EXPECT_NO_THROW(store->begin(std::vector{this->shard(0)}));
}

TYPED_TEST_P(EventStoreLogContract, contending_writers_leave_no_hole_and_lose_nothing) {
  constexpr int kWriters = 4, kTurns = 25;
  std::vector<std::thread> writers;
  std::atomic<int> failures = 0;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      auto store = this->stores_.open();
      for (int i = 0; i < kTurns; ++i) {
        try {
          auto turn = store->begin(this->all_shards());
          std::string stream = "order-w" + std::to_string(w);
          turn->write(this->records({this->event(stream, i + 1), streamless(this->shard(i % this->kShards))}), this->now_of(*turn));
          turn->commit();
        } catch (const std::exception& e) {
          ADD_FAILURE() << e.what();
          ++failures;
        }
      }
    });
  }
  for (std::thread& t : writers) t.join();
  ASSERT_EQ(failures, 0);
  auto all = this->everything();
  EXPECT_EQ(all.size(), static_cast<std::size_t>(2 * kWriters * kTurns));
  std::map<Shard, RecordedEvent> last;
  for (const RecordedEvent& r : all) {
    auto [before, is_first] = last.try_emplace(r.shard, r);
    EXPECT_EQ(r.position.value, is_first ? 1 : before->second.position.value + 1);
    EXPECT_GE(r.recorded_at, before->second.recorded_at);
    before->second = r;
  }
}

TYPED_TEST_P(EventStoreLogContract, streams_are_read_whole_by_name_and_by_prefix) {
  Shard s = this->of("order-7");
  auto commit = [&](const std::string& stream, int version) { this->commit(this->records({this->event(stream, version, stream)})); };
  for (const char* stream : {"payment-7.2", "order-7", "payment-7.1", "shipment-7.1"}) commit(stream, 1);
  commit("payment-7.1", 2);
  commit("order-7", 2);
  auto turn = this->begin({s});
  auto read = turn->read_streams(std::vector<std::string>{"payment-7.", "order-7", "reservation-7"});
  std::vector<std::pair<std::string, int>> names;
  for (const RecordedEvent& r : read) names.emplace_back(r.stream, r.version.value);
  EXPECT_EQ(names, (std::vector<std::pair<std::string, int>>{
                       {"order-7", 1}, {"order-7", 2}, {"payment-7.1", 1}, {"payment-7.1", 2}, {"payment-7.2", 1}}));
  for (const RecordedEvent& r : read) EXPECT_EQ(r.payload, r.stream);
  EXPECT_EQ(turn->read_streams(std::vector<std::string>{"payment-7.", "payment-7.1", "payment-7."}).size(), 3u) << "each record once";
  EXPECT_TRUE(turn->read_streams({}).empty());
}

TYPED_TEST_P(EventStoreLogContract, a_stream_is_read_after_a_version_up_to_a_limit) {
  std::string stream = this->stream_in(this->shard(1));
  std::vector<NewRecord> records;
  for (int v = 1; v <= 10; ++v) records.push_back(this->event(stream, v));
  this->commit(this->records(records));
  auto read = this->store_->read_stream(stream, Version(3), 4);
  ASSERT_EQ(read.size(), 4u);
  EXPECT_EQ(read.front().version, Version(4));
  EXPECT_EQ(read.back().version, Version(7));
  EXPECT_TRUE(this->store_->read_stream(stream, Version(10), 4).empty());
  EXPECT_TRUE(this->store_->read_stream("order-none", Version(0), 4).empty());
}

TYPED_TEST_P(EventStoreLogContract, shards_are_read_after_their_positions_each_up_to_the_limit) {
  std::vector<NewRecord> records;
  for (int i = 0; i < 5; ++i)
    for (Shard s : {this->shard(2), this->shard(0)}) records.push_back(streamless(s));
  this->commit(this->records(records));
  std::vector<ShardPosition> from = {{this->shard(2), Position(3)}, {this->shard(0), Position(0)}, {this->shard(1), Position(0)}};
  auto read = this->store_->read_shards(from, 4);
  std::vector<std::pair<int, int>> places;
  for (const RecordedEvent& r : read) places.emplace_back(r.shard.value, r.position.value);
  EXPECT_EQ(places, (std::vector<std::pair<int, int>>{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {2, 4}, {2, 5}}));
}

TYPED_TEST_P(EventStoreLogContract, records_are_read_by_their_places) {
  Shard a = this->shard(0), b = this->shard(3);
  this->commit(this->records({streamless(a, "a1"), streamless(b, "b1"), streamless(a, "a2")}));
  auto turn = this->begin({a, b});
  std::vector<std::pair<Shard, Position>> places = {{b, Position(1)}, {a, Position(2)}, {a, Position(9)}};
  auto read = turn->read_records(places);
  std::vector<std::string> payloads;
  for (const RecordedEvent& r : read) payloads.push_back(r.payload);
  EXPECT_EQ(payloads, (std::vector<std::string>{"a2", "b1"}));
  EXPECT_TRUE(turn->read_records({}).empty());
}

TYPED_TEST_P(EventStoreLogContract, a_record_up_to_its_limit_is_stored_and_over_it_is_bad_data) {
  Shard s = this->shard(0);
  NewRecord largest = streamless(s, std::string(kMaxRecordBytes - 1, 'x'));  // and one byte of metadata
  this->commit(this->records({largest}));
  EXPECT_EQ(this->log_of(s).at(0).payload.size(), kMaxRecordBytes - 1);
  largest.payload += 'x';
  EXPECT_THROW(this->outcome_of(this->records({largest})), BadData);
}

TYPED_TEST_P(EventStoreLogContract, a_shard_that_is_not_locked_cannot_be_written_or_read_in_a_turn) {
  auto turn = this->begin({this->shard(0)});
  EXPECT_THROW(this->write_in(*turn, this->records({streamless(this->shard(1))})), std::logic_error);
  auto other = this->begin({this->shard(1)});
  EXPECT_THROW(other->read_streams(std::vector{this->stream_in(this->shard(2))}), std::logic_error);
}

TYPED_TEST_P(EventStoreLogContract, shards_are_locked_in_ascending_order_or_not_at_all) {
  EXPECT_THROW(this->begin({this->shard(1), this->shard(0)}), std::logic_error);
  EXPECT_THROW(this->begin({this->shard(1), this->shard(1)}), std::logic_error);
  EXPECT_THROW(this->begin({}), std::logic_error);
  EXPECT_THROW(this->begin({this->shard(this->kShards)}), std::logic_error);
}

REGISTER_TYPED_TEST_SUITE_P(EventStoreLogContract, an_empty_store_has_empty_heads, positions_of_a_shard_are_dense_from_one,
                            a_record_is_read_as_it_was_written, records_carry_the_time_of_their_turn,
                            a_time_before_the_shards_last_record_is_a_mistake_of_the_caller, a_stream_grows_by_the_expected_version_only,
                            a_version_that_is_said_to_be_known_and_is_taken_is_a_conflict, versions_within_a_turn_have_no_hole,
                            a_conflict_in_one_stream_keeps_every_other_out,
                            a_stream_that_the_turn_has_read_grows_by_the_expected_version_only,
                            a_turn_over_several_streams_and_shards_is_one, a_second_writer_of_a_shard_waits_and_then_sees_the_first,
                            writers_of_different_shards_do_not_wait, a_shard_that_is_held_too_long_is_busy,
                            contending_writers_leave_no_hole_and_lose_nothing, streams_are_read_whole_by_name_and_by_prefix,
                            a_stream_is_read_after_a_version_up_to_a_limit, shards_are_read_after_their_positions_each_up_to_the_limit,
                            records_are_read_by_their_places, a_record_up_to_its_limit_is_stored_and_over_it_is_bad_data,
                            a_shard_that_is_not_locked_cannot_be_written_or_read_in_a_turn,
                            shards_are_locked_in_ascending_order_or_not_at_all);

}  // namespace ordersaga::events
