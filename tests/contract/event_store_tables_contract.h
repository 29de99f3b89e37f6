// The contract's second part: what a turn writes beside the log: inbox, wake-ups, stock (event_store_contract.h).
#pragma once

#include "tests/contract/event_store_fixture.h"

namespace ordersaga::events {

template <class Stores>
class EventStoreTablesContract : public EventStoreFixture<Stores> {};

TYPED_TEST_SUITE_P(EventStoreTablesContract);

TYPED_TEST_P(EventStoreTablesContract, a_rollback_leaves_nothing_behind) {
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

TYPED_TEST_P(EventStoreTablesContract, a_turn_that_writes_nothing_can_be_committed) {
  auto turn = this->begin({this->shard(0)});
  EXPECT_TRUE(std::holds_alternative<Written>(this->write_in(*turn, {})));
  turn->commit();
  auto unwritten = this->begin({this->shard(0)});
  unwritten->commit();
  EXPECT_TRUE(this->everything().empty());
}

TYPED_TEST_P(EventStoreTablesContract, the_inbox_finds_what_was_decided_before) {
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

TYPED_TEST_P(EventStoreTablesContract, an_id_enters_the_inbox_once) {
  Shard s = this->shard(0);
  TurnWrite what = this->records({streamless(s), streamless(s)});
  what.inbox = {{{s, "k", "id"}, "h", 0, ""}};
  this->commit(what);
  EXPECT_THROW(this->outcome_of(what), BadData);
  what.inbox = {{{s, "k", "twice"}, "h", 0, ""}, {{s, "k", "twice"}, "h", 1, ""}};
  EXPECT_THROW(this->outcome_of(what), BadData);
}

// Who takes a command that is older than this may decide it twice; who refuses a younger one loses it.
TYPED_TEST_P(EventStoreTablesContract, a_turn_says_since_when_the_inbox_remembers) {
  using std::chrono::hours;
  auto turn = this->begin({this->shard(0)});
  EXPECT_LE(turn->inbox_since(), turn->clock() - hours(24 * 14));
  EXPECT_GE(turn->inbox_since(), turn->clock() - hours(24 * 30) + kInboxMargin);
}

TYPED_TEST_P(EventStoreTablesContract, wakeups_are_set_moved_found_when_due_and_ended) {
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

TYPED_TEST_P(EventStoreTablesContract, stock_changes_by_deltas) {
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

TYPED_TEST_P(EventStoreTablesContract, stock_that_would_fall_below_zero_is_refused_and_nothing_is_written) {
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

TYPED_TEST_P(EventStoreTablesContract, a_refused_turn_makes_no_stock_row) {
  this->outcome_of(this->stock({{"A", "ams", 1, 0, true}, {"B", "ams", -1, 0, true}}));
  EXPECT_TRUE(this->store_->levels().empty());
}

TYPED_TEST_P(EventStoreTablesContract, levels_are_read_by_sku_with_all_locations) {
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

TYPED_TEST_P(EventStoreTablesContract, levels_that_are_locked_cannot_change_until_the_turn_ends) {
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

TYPED_TEST_P(EventStoreTablesContract, text_that_cannot_be_stored_is_bad_data) {
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

REGISTER_TYPED_TEST_SUITE_P(EventStoreTablesContract, a_rollback_leaves_nothing_behind, a_turn_that_writes_nothing_can_be_committed,
                            the_inbox_finds_what_was_decided_before, an_id_enters_the_inbox_once,
                            a_turn_says_since_when_the_inbox_remembers, wakeups_are_set_moved_found_when_due_and_ended,
                            stock_changes_by_deltas, stock_that_would_fall_below_zero_is_refused_and_nothing_is_written,
                            a_refused_turn_makes_no_stock_row, levels_are_read_by_sku_with_all_locations,
                            levels_that_are_locked_cannot_change_until_the_turn_ends, text_that_cannot_be_stored_is_bad_data);

}  // namespace ordersaga::events
