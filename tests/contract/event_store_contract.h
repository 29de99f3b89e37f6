// What every implementation of events/event_store.h must do. To apply it, give a fixture
//
//   struct MyStores {
//     static constexpr int kShards = 4;
//     std::unique_ptr<events::EventStore> open();  // a new session with the one store, lock timeout 200 ms to 2 s
//   };
//
// and INSTANTIATE_TYPED_TEST_SUITE_P(My, EventStoreContract, MyStores). Each test has a store of its own, which is empty.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "events/errors.h"
#include "events/event_store.h"
#include "schemas/streams.h"

namespace ordersaga::events {

inline NewRecord event_of(const std::string& stream, int version, int shards, const std::string& payload = "p") {
  return {shard_of(stream_key(stream), shards), stream, Version(version), TypeNumber(101), payload, "m"};
}
inline NewRecord streamless(Shard shard, const std::string& payload = "p") {
  return {shard, "", Version(0), TypeNumber(601), payload, "m"};
}

template <class Stores>
class EventStoreContract : public ::testing::Test {
 protected:
  static constexpr int kShards = Stores::kShards;
  Stores stores_;
  std::unique_ptr<EventStore> store_ = stores_.open();

  static Shard shard(int n) { return Shard(static_cast<std::int16_t>(n)); }
  static std::vector<Shard> all_shards() {
    std::vector<Shard> all;
    for (int n = 0; n < kShards; ++n) all.push_back(shard(n));
    return all;
  }
  static Shard of(const std::string& stream) { return shard_of(stream_key(stream), kShards); }
  // A stream of that shard, another for each n.
  static std::string stream_in(Shard shard, int n = 0) {
    for (int i = 0;; ++i) {
      std::string stream = "order-c" + std::to_string(i);
      if (of(stream) == shard && n-- == 0) return stream;
    }
  }
  static NewRecord event(const std::string& stream, int version, const std::string& payload = "p") {
    return event_of(stream, version, kShards, payload);
  }

  std::unique_ptr<TurnTransaction> begin(std::vector<Shard> shards) { return store_->begin(shards); }
  static Timestamp now_of(const TurnTransaction& turn) {
    Timestamp now = turn.clock();
    for (const ShardHead& h : turn.heads()) now = std::max(now, h.recorded_at);
    return now;
  }
  static WriteOutcome write_in(TurnTransaction& turn, const TurnWrite& what) { return turn.write(what, now_of(turn)); }
  // Writes and commits in a turn that locks all shards; gives the positions.
  std::vector<Position> commit(const TurnWrite& what) {
    auto turn = begin(all_shards());
    WriteOutcome outcome = write_in(*turn, what);
    if (!std::holds_alternative<Written>(outcome)) throw std::runtime_error("the write was not accepted");
    turn->commit();
    return std::get<Written>(outcome).positions;
  }
  // The outcome of a write that is not committed.
  WriteOutcome outcome_of(const TurnWrite& what) { return write_in(*begin(all_shards()), what); }
  static TurnWrite records(std::vector<NewRecord> records) {
    TurnWrite turn;
    turn.records = std::move(records);
    return turn;
  }
  static TurnWrite stock(std::vector<StockDelta> deltas) {
    TurnWrite turn;
    turn.stock = std::move(deltas);
    return turn;
  }
  std::vector<RecordedEvent> log_of(Shard shard) { return store_->read_shards(std::vector{ShardPosition{shard, Position(0)}}, 1000); }
  std::vector<RecordedEvent> everything() {
    std::vector<ShardPosition> from;
    for (Shard s : all_shards()) from.push_back({s, Position(0)});
    return store_->read_shards(from, 100000);
  }
};

TYPED_TEST_SUITE_P(EventStoreContract);

TYPED_TEST_P(EventStoreContract, an_empty_store_has_empty_heads) {
  auto heads = this->store_->heads();
  ASSERT_EQ(heads.size(), static_cast<std::size_t>(this->kShards));
  for (std::size_t i = 0; i < heads.size(); ++i) {
    EXPECT_EQ(heads[i].shard, this->shard(static_cast<int>(i)));
    EXPECT_EQ(heads[i].position, Position(0));
  }
  EXPECT_EQ(this->store_->shards(), this->kShards);
  EXPECT_GE(this->store_->epoch(), Epoch(1));
}

TYPED_TEST_P(EventStoreContract, positions_of_a_shard_are_dense_from_one) {
  Shard a = this->shard(1), b = this->shard(2);
  auto first = this->commit(this->records({streamless(a), streamless(b), streamless(a)}));
  EXPECT_EQ(first, (std::vector{Position(1), Position(1), Position(2)}));
  auto second = this->commit(this->records({streamless(b), streamless(a), streamless(a)}));
  EXPECT_EQ(second, (std::vector{Position(2), Position(3), Position(4)}));
  auto log = this->log_of(a);
  ASSERT_EQ(log.size(), 4u);
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i].position, Position(static_cast<std::int64_t>(i) + 1));
}

TYPED_TEST_P(EventStoreContract, a_record_is_read_as_it_was_written) {
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

TYPED_TEST_P(EventStoreContract, records_carry_the_time_of_their_turn) {
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

TYPED_TEST_P(EventStoreContract, a_time_before_the_shards_last_record_is_a_mistake_of_the_caller) {
  this->commit(this->records({streamless(this->shard(0))}));
  auto turn = this->begin({this->shard(0)});
  EXPECT_THROW(turn->write(this->records({streamless(this->shard(0))}), turn->heads()[0].recorded_at - std::chrono::microseconds(1)),
               std::logic_error);
}

TYPED_TEST_P(EventStoreContract, a_stream_grows_by_the_expected_version_only) {
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

TYPED_TEST_P(EventStoreContract, versions_within_a_turn_have_no_hole) {
  std::string stream = this->stream_in(this->shard(1));
  EXPECT_TRUE(std::holds_alternative<VersionConflict>(this->outcome_of(this->records({this->event(stream, 1), this->event(stream, 3)}))));
  EXPECT_TRUE(std::holds_alternative<VersionConflict>(this->outcome_of(this->records({this->event(stream, 1), this->event(stream, 1)}))));
}

TYPED_TEST_P(EventStoreContract, a_conflict_in_one_stream_keeps_every_other_out) {
  std::string good = this->stream_in(this->shard(0)), bad = this->stream_in(this->shard(2));
  auto turn = this->begin(this->all_shards());
  auto outcome = this->write_in(*turn, this->records({this->event(good, 1), this->event(bad, 5)}));
  ASSERT_TRUE(std::holds_alternative<VersionConflict>(outcome));
  EXPECT_EQ(std::get<VersionConflict>(outcome).stream, bad);
  turn.reset();
  EXPECT_TRUE(this->everything().empty());
}

TYPED_TEST_P(EventStoreContract, a_turn_over_several_streams_and_shards_is_one) {
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

TYPED_TEST_P(EventStoreContract, a_rollback_leaves_nothing_behind) {
  Shard s = this->shard(1);
  TurnWrite what = this->records({this->event(this->stream_in(s), 1)});
  what.inbox.push_back({{s, "k", "m1"}, "hash", 0, "t/1/2"});
  what.wakeups.push_back({s, "saga-x-1", this->store_->clock(), false});
  what.stock.push_back({"sku", "ams", 5, 0, true});
  {
    auto turn = this->begin({s});
    ASSERT_TRUE(std::holds_alternative<Written>(this->write_in(*turn, what)));
  }
  EXPECT_TRUE(this->everything().empty());
  EXPECT_TRUE(this->store_->wakeups().empty());
  EXPECT_TRUE(this->store_->levels().empty());
  auto turn = this->begin({s});
  EXPECT_TRUE(turn->find_inbox(std::vector{InboxKey{s, "k", "m1"}}).empty());
}

TYPED_TEST_P(EventStoreContract, a_turn_that_writes_nothing_can_be_committed) {
  auto turn = this->begin({this->shard(0)});
  EXPECT_TRUE(std::holds_alternative<Written>(this->write_in(*turn, {})));
  turn->commit();
  auto unwritten = this->begin({this->shard(0)});
  unwritten->commit();
  EXPECT_TRUE(this->everything().empty());
}

TYPED_TEST_P(EventStoreContract, a_second_writer_of_a_shard_waits_and_then_sees_the_first) {
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

TYPED_TEST_P(EventStoreContract, writers_of_different_shards_do_not_wait) {
  auto first = this->begin({this->shard(0), this->shard(2)});
  auto store = this->stores_.open();
  auto second = store->begin(std::vector{this->shard(1), this->shard(3)});
  EXPECT_TRUE(std::holds_alternative<Written>(this->write_in(*second, this->records({streamless(this->shard(1))}))));
  second->commit();
}

TYPED_TEST_P(EventStoreContract, a_shard_that_is_held_too_long_is_busy) {
  auto first = this->begin({this->shard(0)});
  auto store = this->stores_.open();
  EXPECT_THROW(store->begin(std::vector{this->shard(0)}), ShardBusy);
  first.reset();
  EXPECT_NO_THROW(store->begin(std::vector{this->shard(0)}));
}

TYPED_TEST_P(EventStoreContract, contending_writers_leave_no_hole_and_lose_nothing) {
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

TYPED_TEST_P(EventStoreContract, the_inbox_finds_what_was_decided_before) {
  Shard a = this->shard(0), b = this->shard(1);
  TurnWrite what = this->records({streamless(a), streamless(b), streamless(a)});
  what.inbox = {{{a, "k1", "id1"}, std::string("h\0\xff", 3), 2, "commands/0/17"}, {{b, "k2", "id1"}, "h2", 1, ""}};
  auto positions = this->commit(what);
  auto turn = this->begin({a, b});
  auto found = turn->find_inbox(std::vector{InboxKey{a, "k1", "id1"}, InboxKey{b, "k2", "id1"}, InboxKey{a, "k2", "id1"},
                                            InboxKey{a, "k1", "id2"}, InboxKey{b, "k1", "id1"}});
  std::ranges::sort(found, {}, &InboxEntry::id);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, (InboxKey{a, "k1", "id1"}));
  EXPECT_EQ(found[0].hash, std::string("h\0\xff", 3));
  EXPECT_EQ(found[0].position, positions[2]);
  EXPECT_EQ(found[0].source, "commands/0/17");
  EXPECT_EQ(found[1].position, positions[1]);
  EXPECT_EQ(found[1].source, "");
  EXPECT_TRUE(turn->find_inbox({}).empty());
}

TYPED_TEST_P(EventStoreContract, an_id_enters_the_inbox_once) {
  Shard s = this->shard(0);
  TurnWrite what = this->records({streamless(s), streamless(s)});
  what.inbox = {{{s, "k", "id"}, "h", 0, ""}};
  this->commit(what);
  EXPECT_THROW(this->outcome_of(what), BadData);
  what.inbox = {{{s, "k", "twice"}, "h", 0, ""}, {{s, "k", "twice"}, "h", 1, ""}};
  EXPECT_THROW(this->outcome_of(what), BadData);
}

TYPED_TEST_P(EventStoreContract, wakeups_are_set_moved_found_when_due_and_ended) {
  Shard a = this->shard(0), b = this->shard(1);
  Timestamp t = this->store_->clock();
  using std::chrono::seconds;
  TurnWrite set;
  set.wakeups = {{a, "saga-x-1", t + seconds(30), false}, {a, "saga-x-2", t + seconds(10), true}, {b, "saga-x-3", t + seconds(20), true}};
  this->commit(set);

  auto due = this->store_->due_wakeups(this->all_shards(), t + seconds(20), 10);
  ASSERT_EQ(due.size(), 2u);
  EXPECT_EQ(due[0].saga, "saga-x-2");
  EXPECT_EQ(due[0].due_at, t + seconds(10));
  EXPECT_TRUE(due[0].effect_outstanding);
  EXPECT_EQ(due[1].saga, "saga-x-3");
  EXPECT_EQ(due[1].shard, b);
  EXPECT_EQ(this->store_->due_wakeups(this->all_shards(), t + seconds(60), 2).size(), 2u) << "the limit";
  EXPECT_EQ(this->store_->due_wakeups(std::vector{b}, t + seconds(60), 10).size(), 1u) << "the shards";
  EXPECT_TRUE(this->store_->due_wakeups(this->all_shards(), t + seconds(9), 10).empty());

  auto outstanding = this->store_->outstanding_effects(a);
  ASSERT_EQ(outstanding.size(), 1u);
  EXPECT_EQ(outstanding[0].saga, "saga-x-2");

  TurnWrite move;
  move.wakeups = {{a, "saga-x-2", t + seconds(90), false}};
  move.ended = {{b, "saga-x-3", {}, false}, {b, "saga-x-never", {}, false}};
  this->commit(move);
  auto all = this->store_->wakeups();
  std::ranges::sort(all, {}, &Wakeup::saga);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].saga, "saga-x-1");
  EXPECT_EQ(all[1].due_at, t + seconds(90));
  EXPECT_FALSE(all[1].effect_outstanding);
  EXPECT_TRUE(this->store_->outstanding_effects(a).empty());
}

TYPED_TEST_P(EventStoreContract, stock_changes_by_deltas) {
  this->commit(this->stock({{"A", "ams", 10, 0, true}, {"A", "ber", 5, 0, true}, {"B", "ams", 7, 0, true}}));
  this->commit(this->stock({{"A", "ams", -3, 3, false}, {"B", "ams", 0, 2, false}}));
  this->commit(this->stock({{"A", "ams", 1, 0, true}}));
  auto levels = this->store_->levels();
  std::ranges::sort(levels, {}, [](const StockLevel& l) { return std::tie(l.sku, l.location); });
  ASSERT_EQ(levels.size(), 3u);
  EXPECT_EQ(levels[0].on_hand, 8);
  EXPECT_EQ(levels[0].reserved, 3);
  EXPECT_EQ(levels[1].location, "ber");
  EXPECT_EQ(levels[1].on_hand, 5);
  EXPECT_EQ(levels[2].on_hand, 7);
  EXPECT_EQ(levels[2].reserved, 2);
}

TYPED_TEST_P(EventStoreContract, stock_that_would_fall_below_zero_is_refused_and_nothing_is_written) {
  Shard s = this->shard(0);
  this->commit(this->stock({{"A", "ams", 2, 1, true}, {"B", "ams", 5, 0, true}}));
  TurnWrite what = this->stock({{"A", "ams", -3, 3, false}, {"B", "ams", -5, 5, false}, {"C", "ams", 0, 1, false}});
  what.records = {streamless(s)};
  {
    auto turn = this->begin({s});
    auto outcome = this->write_in(*turn, what);
    ASSERT_TRUE(std::holds_alternative<StockRefused>(outcome));
    auto refused = std::get<StockRefused>(outcome).refused;
    std::ranges::sort(refused, {}, &StockDelta::sku);
    ASSERT_EQ(refused.size(), 2u);
    EXPECT_EQ(refused[0].sku, "A");
    EXPECT_EQ(refused[1].sku, "C") << "no such row";
    EXPECT_THROW(turn->commit(), std::logic_error);
  }
  EXPECT_TRUE(this->everything().empty());
  for (const StockLevel& l : this->store_->levels()) EXPECT_EQ(l.on_hand, l.sku == "A" ? 2 : 5);
  EXPECT_TRUE(std::holds_alternative<StockRefused>(this->outcome_of(this->stock({{"A", "ams", 0, -2, false}})))) << "reserved";
  EXPECT_TRUE(std::holds_alternative<StockRefused>(this->outcome_of(this->stock({{"D", "ams", -1, 0, true}})))) << "a new row";
  EXPECT_TRUE(std::holds_alternative<Written>(this->outcome_of(this->stock({{"A", "ams", -2, -1, false}})))) << "to zero";
}

TYPED_TEST_P(EventStoreContract, a_refused_turn_makes_no_stock_row) {
  this->outcome_of(this->stock({{"A", "ams", 1, 0, true}, {"B", "ams", -1, 0, true}}));
  EXPECT_TRUE(this->store_->levels().empty());
}

TYPED_TEST_P(EventStoreContract, levels_are_read_by_sku_with_all_locations) {
  this->commit(this->stock({{"A", "ams", 1, 0, true}, {"A", "ber", 2, 0, true}, {"AB", "ams", 3, 0, true}, {"B", "ams", 4, 0, true}}));
  auto turn = this->begin({this->shard(0)});
  for (LockRows lock : {LockRows::no, LockRows::yes}) {
    auto levels = turn->read_levels(std::vector<std::string>{"B", "A", "unknown", "A"}, lock);
    std::ranges::sort(levels, {}, [](const StockLevel& l) { return std::tie(l.sku, l.location); });
    ASSERT_EQ(levels.size(), 3u);
    EXPECT_EQ(levels[0].on_hand, 1);
    EXPECT_EQ(levels[1].location, "ber");
    EXPECT_EQ(levels[2].sku, "B");
  }
  EXPECT_TRUE(turn->read_levels({}, LockRows::yes).empty());
}

TYPED_TEST_P(EventStoreContract, levels_that_are_locked_cannot_change_until_the_turn_ends) {
  this->commit(this->stock({{"A", "ams", 5, 0, true}}));
  auto first = this->begin({this->shard(0)});
  first->read_levels(std::vector<std::string>{"A"}, LockRows::yes);
  auto second = std::async(std::launch::async, [&] {
    auto store = this->stores_.open();
    auto turn = store->begin(std::vector{this->shard(1)});
    bool written = std::holds_alternative<Written>(this->write_in(*turn, this->stock({{"A", "ams", -5, 5, false}})));
    if (written) turn->commit();
    return written;
  });
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(80)), std::future_status::timeout);
  ASSERT_TRUE(std::holds_alternative<Written>(this->write_in(*first, this->stock({{"A", "ams", -1, 1, false}}))));
  first->commit();
  EXPECT_FALSE(second.get()) << "the second took five of four units";
  EXPECT_EQ(this->store_->levels()[0].on_hand, 4);
}

TYPED_TEST_P(EventStoreContract, streams_are_read_whole_by_name_and_by_prefix) {
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

TYPED_TEST_P(EventStoreContract, a_stream_is_read_after_a_version_up_to_a_limit) {
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

TYPED_TEST_P(EventStoreContract, shards_are_read_after_their_positions_each_up_to_the_limit) {
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

TYPED_TEST_P(EventStoreContract, records_are_read_by_their_places) {
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

TYPED_TEST_P(EventStoreContract, a_record_up_to_its_limit_is_stored_and_over_it_is_bad_data) {
  Shard s = this->shard(0);
  NewRecord largest = streamless(s, std::string(kMaxRecordBytes - 1, 'x'));  // and one byte of metadata
  this->commit(this->records({largest}));
  EXPECT_EQ(this->log_of(s).at(0).payload.size(), kMaxRecordBytes - 1);
  largest.payload += 'x';
  EXPECT_THROW(this->outcome_of(this->records({largest})), BadData);
}

TYPED_TEST_P(EventStoreContract, text_that_cannot_be_stored_is_bad_data) {
  Shard s = this->shard(0);
  for (const std::string& bad : {std::string("a\0b", 3), std::string("\xff"), std::string("\xc3"), std::string("\xed\xa0\x80")}) {
    auto with = [&](auto change) {
      TurnWrite what = this->records({streamless(s)});
      change(what);
      EXPECT_THROW(this->outcome_of(what), BadData);
    };
    with([&](TurnWrite& w) { w.records.push_back({s, bad, Version(1), TypeNumber(101), "", ""}); });
    with([&](TurnWrite& w) { w.inbox = {{{s, bad, "id"}, "h", 0, ""}}; });
    with([&](TurnWrite& w) { w.inbox = {{{s, "k", bad}, "h", 0, ""}}; });
    with([&](TurnWrite& w) { w.inbox = {{{s, "k", "id"}, "h", 0, bad}}; });
    with([&](TurnWrite& w) { w.wakeups = {{s, bad, {}, false}}; });
    with([&](TurnWrite& w) { w.stock = {{bad, "ams", 1, 0, true}}; });
    with([&](TurnWrite& w) { w.stock = {{"A", bad, 1, 0, true}}; });
    EXPECT_THROW(this->begin({s})->find_inbox(std::vector{InboxKey{s, "k", bad}}), BadData);
    EXPECT_THROW(this->begin({s})->read_levels(std::vector{bad}, LockRows::no), BadData);
  }
  EXPECT_TRUE(this->everything().empty());
}

TYPED_TEST_P(EventStoreContract, a_shard_that_is_not_locked_cannot_be_written_or_read_in_a_turn) {
  auto turn = this->begin({this->shard(0)});
  EXPECT_THROW(this->write_in(*turn, this->records({streamless(this->shard(1))})), std::logic_error);
  auto other = this->begin({this->shard(1)});
  EXPECT_THROW(other->read_streams(std::vector{this->stream_in(this->shard(2))}), std::logic_error);
}

TYPED_TEST_P(EventStoreContract, shards_are_locked_in_ascending_order_or_not_at_all) {
  EXPECT_THROW(this->begin({this->shard(1), this->shard(0)}), std::logic_error);
  EXPECT_THROW(this->begin({this->shard(1), this->shard(1)}), std::logic_error);
  EXPECT_THROW(this->begin({}), std::logic_error);
  EXPECT_THROW(this->begin({this->shard(this->kShards)}), std::logic_error);
}

REGISTER_TYPED_TEST_SUITE_P(EventStoreContract, an_empty_store_has_empty_heads, positions_of_a_shard_are_dense_from_one,
                            a_record_is_read_as_it_was_written, records_carry_the_time_of_their_turn,
                            a_time_before_the_shards_last_record_is_a_mistake_of_the_caller, a_stream_grows_by_the_expected_version_only,
                            versions_within_a_turn_have_no_hole, a_conflict_in_one_stream_keeps_every_other_out,
                            a_turn_over_several_streams_and_shards_is_one, a_rollback_leaves_nothing_behind,
                            a_turn_that_writes_nothing_can_be_committed, a_second_writer_of_a_shard_waits_and_then_sees_the_first,
                            writers_of_different_shards_do_not_wait, a_shard_that_is_held_too_long_is_busy,
                            contending_writers_leave_no_hole_and_lose_nothing, the_inbox_finds_what_was_decided_before,
                            an_id_enters_the_inbox_once, wakeups_are_set_moved_found_when_due_and_ended, stock_changes_by_deltas,
                            stock_that_would_fall_below_zero_is_refused_and_nothing_is_written, a_refused_turn_makes_no_stock_row,
                            levels_are_read_by_sku_with_all_locations, levels_that_are_locked_cannot_change_until_the_turn_ends,
                            streams_are_read_whole_by_name_and_by_prefix, a_stream_is_read_after_a_version_up_to_a_limit,
                            shards_are_read_after_their_positions_each_up_to_the_limit, records_are_read_by_their_places,
                            a_record_up_to_its_limit_is_stored_and_over_it_is_bad_data, text_that_cannot_be_stored_is_bad_data,
                            a_shard_that_is_not_locked_cannot_be_written_or_read_in_a_turn,
                            shards_are_locked_in_ascending_order_or_not_at_all);

}  // namespace ordersaga::events
