// Leaves of the log that are detached, archived and attached again, and what readers hear of it meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "events/detached_leaves.h"
#include "events/errors.h"
#include "events/postgres_event_store.h"
#include "schemas/streams.h"
#include "tests/contract/event_store_fixture.h"
#include "tests/support/process.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using runtime::postgres::Error;
using testing_support::TestDatabase;

constexpr int kShards = 2;
constexpr int kLeaf = 10;
const Shard kShard(0);

// Ids of orders of a shard.
std::string key(int n, Shard shard = kShard) {
  for (int i = 0;; ++i)
    if (std::string k = "o." + std::to_string(i); shard_of(k, kShards) == shard && n-- == 0) return k;
}

// Leaves of 10. In the first one (positions 1-10), of 100 days ago: the order `over` with a payment, the order `goes_on` and a
// command that was refused. Above it: `goes_on` once more, and the order `young`.
struct Leaves : ::testing::Test {
  TestDatabase database{{.shards = kShards, .leaf_size = kLeaf}};
  PostgresEventStore store{{.target = database.target_as("ordersaga_writer", "-c lock_timeout=2s")}};
  Connection admin{database.target()};
  Connection owner{database.target()};
  std::string over = key(0), goes_on = key(1), young = key(2), never = key(3);

  void SetUp() override {
    owner.exec("SET ROLE ordersaga_owner");
    for (int version = 1; version <= 4; ++version) append(event("order-" + over, version));
    append(event("payment-" + over + ".1", 1));
    append(event("saga-place_order-" + over, 1));
    append(streamless(kShard));
    for (int version = 1; version <= 3; ++version) append(event("order-" + goes_on, version));
    admin.exec("SELECT log.maintain(); UPDATE log.events SET recorded_at = now() - interval '100 days'");
    append(event("order-" + goes_on, 4));
    append(event("order-" + young, 1));
    admin.exec("INSERT INTO log.relay_cursors (shard, epoch, position, kafka_offset, cluster_id) VALUES (0, 1, 12, 0, 'c')");
  }
  static NewRecord event(const std::string& stream, int version) { return event_of(stream, version, kShards); }
  void append(const NewRecord& record) {
    TurnWrite turn;
    turn.records = {record};
    auto transaction = store.begin(std::vector{kShard});
    Timestamp now = std::max(transaction->clock(), transaction->heads()[0].recorded_at);
    ASSERT_TRUE(std::holds_alternative<Written>(transaction->write(turn, now)));
    transaction->commit();
    admin.exec("SELECT log.maintain()");
  }
  // The complaint; empty when it worked.
  std::string by_owner(const std::string& call, int leaf) {
    try {
      owner.exec("SELECT log." + call + "(0::smallint, " + std::to_string(leaf) + ")");
      return "";
    } catch (const Error& e) {
      return e.what();
    }
  }
  std::string detach(int leaf = 0) { return by_owner("detach_leaf", leaf); }
  std::string attach(int leaf = 0) { return by_owner("attach_leaf", leaf); }
  std::string read_from(std::int64_t after) {
    try {
      return std::to_string(store.read_shards(std::vector{ShardPosition{kShard, Position(after)}}, 100).size());
    } catch (const LeafDetached& e) {
      return e.what();
    }
  }
  std::size_t turn_reads(std::vector<std::string> streams) { return store.begin(std::vector{kShard})->read_streams(streams).size(); }
  std::size_t reads(const std::string& stream) { return store.read_stream(stream, Version(0), 100).size(); }
  std::int64_t number(const std::string& sql) { return admin.exec("SELECT " + sql).integer(0, 0); }
};

TEST_F(Leaves, a_reader_of_a_position_in_a_detached_leaf_hears_which_one_it_is) {
  ASSERT_EQ(detach(), "");
  EXPECT_NE(read_from(0).find("position 1 of shard 0 lies in the leaf events_0_0"), std::string::npos) << read_from(0);
  EXPECT_NE(read_from(6).find("sagactl db partitions attach 0 0"), std::string::npos) << "8 to 10 are kept, 7 is not: " << read_from(6);
  EXPECT_EQ(read_from(10), "2");
  EXPECT_EQ(store.heads()[0].position, Position(12));
}

// The trap: to a turn the order of old would look like one that never was, and its id could be used again.
TEST_F(Leaves, what_is_archived_is_not_taken_for_what_never_was) {
  ASSERT_EQ(detach(), "");
  for (const std::string& stream : {"order-" + over, "payment-" + over + ".1", "payment-" + over + ".", "reservation-" + over})
    EXPECT_THROW(turn_reads({"order-" + young, stream}), LeafDetached) << stream;
  EXPECT_THROW(reads("order-" + over), LeafDetached);
  EXPECT_EQ(turn_reads({"order-" + never}), 0u);
  EXPECT_EQ(reads("order-" + never), 0u);
}

// The other trap: what goes on would be read from its middle, and folded to a state that it never had.
TEST_F(Leaves, what_goes_on_is_kept_whole) {
  ASSERT_EQ(detach(), "");
  EXPECT_EQ(turn_reads({"order-" + goes_on, "order-" + young}), 5u);
  EXPECT_EQ(reads("order-" + goes_on), 4u);
  append(event("order-" + goes_on, 5));
  EXPECT_EQ(reads("order-" + goes_on), 5u);
}

TEST_F(Leaves, the_orders_of_sagas_that_are_alive_of_parked_inputs_and_stock_items_are_kept) {
  admin.exec("INSERT INTO log.wakeups VALUES (now(), 0, false, 'saga-place_order-" + over + "')");
  ASSERT_EQ(detach(), "");
  EXPECT_EQ(turn_reads({"order-" + over, "payment-" + over + ".", "saga-place_order-" + over}), 6u);
  ASSERT_EQ(attach(), "");
  admin.exec("DELETE FROM log.wakeups");
  admin.exec("INSERT INTO log.parked_inputs (parked_at, shard, key, saga, kind, code, reason, data) VALUES (now(), 0, '" + over +
             "', 'saga-place_order-" + over + "', 'wakeup', 'c', 'r', '')");
  ASSERT_EQ(detach(), "");
  EXPECT_EQ(turn_reads({"order-" + over, "payment-" + over + ".", "saga-place_order-" + over}), 6u);
  ASSERT_EQ(attach(), "");
  admin.exec("DELETE FROM log.parked_inputs; UPDATE log.events SET stream = 'stock-" + over + "' WHERE stream = 'order-" + over + "'");
  ASSERT_EQ(detach(), "");
  EXPECT_EQ(turn_reads({"stock-" + over}), 4u);
}

TEST_F(Leaves, a_leaf_is_attached_again_with_all_it_held) {
  ASSERT_EQ(detach(), "");
  EXPECT_NE(detach().find("detached already"), std::string::npos);
  append(event("order-" + goes_on, 5));
  EXPECT_EQ(attach(), "");
  EXPECT_NE(attach().find("no leaf events_0_0 is detached"), std::string::npos);
  EXPECT_EQ(read_from(0), "13");
  EXPECT_EQ(turn_reads({"order-" + over, "payment-" + over + ".", "order-" + goes_on}), 10u);
  EXPECT_EQ(number("detached_leaves FROM log.installation"), 0);
  EXPECT_EQ(number("count(*) FROM log.archived_keys"), 0);
  EXPECT_TRUE(admin.exec("SELECT to_regclass('log.events_0_0_kept')").is_null(0, 0));
}

TEST_F(Leaves, leaves_go_oldest_first_and_come_back_newest_first) {
  for (int version = 5; version <= 12; ++version) append(event("order-" + goes_on, version));
  append(event("order-" + young, 2));
  admin.exec("UPDATE log.events SET recorded_at = now() - interval '90 days'; UPDATE log.relay_cursors SET position = 21");
  EXPECT_NE(detach(1).find("not the oldest"), std::string::npos);
  ASSERT_EQ(detach(0), "");
  ASSERT_EQ(detach(1), "");
  EXPECT_THROW(reads("order-" + goes_on), LeafDetached) << "its beginning is kept, its end is not";
  EXPECT_EQ(reads("order-" + young), 2u);
  EXPECT_NE(attach(0).find("newer leaf"), std::string::npos);
  ASSERT_EQ(attach(1), "");
  EXPECT_EQ(reads("order-" + goes_on), 12u);
  EXPECT_THROW(reads("order-" + over), LeafDetached);
  ASSERT_EQ(attach(0), "");
  EXPECT_EQ(read_from(0), "21");
}

// Sessions keep their prepared statements, whose plans name the leaf.
TEST_F(Leaves, leaves_are_exchanged_while_writers_and_readers_go_on) {
  owner.exec("UPDATE log.installation SET leaf_size = 1000000; SELECT log.create_leaf(0::smallint), log.create_leaf(1::smallint)");
  std::atomic<bool> over_now = false;
  std::atomic<int> turns = 0, reads = 0;
  std::string other = key(0, Shard(1));
  auto in_turns = [&](auto work) {
    return std::async(std::launch::async, [&, work] {
      while (!over_now) work();
    });
  };
  auto writing_to = [&](Shard shard) {
    auto own =
        std::make_shared<PostgresEventStore>(PostgresStoreOptions{.target = database.target_as("ordersaga_writer", "-c lock_timeout=5s")});
    return [&, own, shard] {
      TurnWrite turn;
      turn.records = {streamless(shard)};
      auto transaction = own->begin(std::vector{shard});
      transaction->read_streams(std::vector{"order-" + (shard == kShard ? goes_on : other)});
      Timestamp now = std::max(transaction->clock(), transaction->heads()[0].recorded_at);
      if (!std::holds_alternative<Written>(transaction->write(turn, now))) throw std::runtime_error("not written");
      transaction->commit();
      ++turns;
    };
  };
  auto relay =
      std::make_shared<PostgresEventStore>(PostgresStoreOptions{.target = database.target_as("ordersaga_relay", "-c lock_timeout=5s")});
  std::vector<std::future<void>> all;
  all.push_back(in_turns(writing_to(kShard)));
  all.push_back(in_turns(writing_to(Shard(1))));
  all.push_back(in_turns([&, relay] {
    relay->read_shards(std::vector{ShardPosition{kShard, Position(10)}, ShardPosition{Shard(1), Position(0)}}, 20);
    ++reads;
  }));
  for (int i = 0; i < 8; ++i) {
    int turns_before = turns, reads_before = reads;
    EXPECT_EQ(detach(), "");
    EXPECT_EQ(i % 2 == 0 ? by_owner("prepare_leaf", 0) : "", "");
    EXPECT_EQ(attach(), "");
    EXPECT_TRUE(support::eventually(std::chrono::seconds(20), [&] { return turns > turns_before + 4 && reads > reads_before + 2; }));
  }
  over_now = true;
  for (auto& one : all) EXPECT_NO_THROW(one.get());
  EXPECT_EQ(number("max(position) - count(*) FROM log.events WHERE shard = 0"), 0) << "positions have no hole";
}

// Everybody queues behind who waits to exchange a leaf: it must lose its patience before they do.
TEST_F(Leaves, who_reads_for_long_keeps_a_leaf_from_being_detached_and_no_writer_from_its_turn) {
  admin.exec("BEGIN; SELECT count(*) FROM log.events");
  auto detached = std::async(std::launch::async, [&] { return detach(); });
  Connection watch(database.target());
  ASSERT_TRUE(support::eventually(std::chrono::seconds(20), [&] {
    return !watch.exec("SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'").empty();
  }));
  PostgresEventStore patient({.target = database.target_as("ordersaga_writer")});  // with its role's own timeouts
  EXPECT_NO_THROW(patient.begin(std::vector{Shard(1)}));
  EXPECT_NE(detached.get().find("lock timeout"), std::string::npos);
  admin.commit();
  EXPECT_EQ(number("count(*) FROM log.archived_keys"), 0);
  EXPECT_EQ(detach(), "");
}

TEST_F(Leaves, a_leaf_that_lacks_a_record_or_has_another_is_not_attached) {
  ASSERT_EQ(detach(), "");
  admin.exec("UPDATE log.events_0_0 SET payload = 'forged' WHERE position = 8");
  EXPECT_NE(attach().find("another record at position 8"), std::string::npos) << attach();
  admin.exec("DELETE FROM log.events_0_0 WHERE position = 7");
  EXPECT_NE(attach().find("9 of the leaf's 10"), std::string::npos) << attach();
  EXPECT_EQ(admin.exec("SELECT state FROM log.partitions WHERE name = 'events_0_0'").text(0, 0), "detached");
  admin.exec("DROP TABLE log.events_0_0");
  EXPECT_NE(attach().find("restore it from its dump"), std::string::npos) << attach();
  EXPECT_EQ(admin.exec("SELECT state FROM log.partitions WHERE name = 'events_0_0'").text(0, 0), "archived");
  EXPECT_NE(read_from(0).find("events_0_0"), std::string::npos);
}

TEST_F(Leaves, a_leaf_is_not_detached_while_anybody_needs_it) {
  EXPECT_NE(detach(7).find("no leaf"), std::string::npos);
  admin.exec("UPDATE log.relay_cursors SET position = 9");
  EXPECT_NE(detach().find("relay"), std::string::npos);
  admin.exec("UPDATE log.relay_cursors SET position = 12");
  admin.exec("INSERT INTO read.projection_checkpoint VALUES ('order_summary', 0, 1, 9, now())");
  EXPECT_NE(detach().find("order_summary"), std::string::npos);
  admin.exec("UPDATE read.projection_checkpoint SET position = 12");
  admin.exec("UPDATE log.events SET recorded_at = now() - interval '14 days' WHERE position = 10");
  EXPECT_NE(detach().find("repeated commands"), std::string::npos);
  EXPECT_EQ(number("count(*) FROM log.archived_keys"), 0);
  admin.exec("UPDATE log.events SET recorded_at = now() - interval '16 days' WHERE position = 10");
  EXPECT_EQ(detach(), "");
}

// The trap: the inbox still knows a command of 16 days ago, but its answer is in the leaf.
TEST_F(Leaves, a_longer_window_does_not_reach_into_a_detached_leaf) {
  admin.exec("UPDATE log.events SET recorded_at = now() - interval '16 days' WHERE position = 10");
  ASSERT_EQ(detach(), "");
  admin.exec("SELECT log.set_inbox_days(30)");
  auto turn = store.begin(std::vector{kShard});
  EXPECT_GT(turn->inbox_since(), turn->clock() - std::chrono::days(16));
}

TEST_F(Leaves, the_leaf_of_the_head_is_never_detached) {
  admin.exec("DELETE FROM log.events WHERE position > 10");
  EXPECT_NE(detach().find("newest"), std::string::npos) << "or positions would begin anew";
}

TEST_F(Leaves, the_database_takes_a_streams_key_for_what_the_programs_take_it) {
  for (std::string stream : {"order-a-b.1", "reservation-a.2", "stock-a:b", "payment-a.b-1.12", "payment-nodot", "shipment-x.1",
                             "saga-place_order-a-b.1", "saga-x", "other-1", "order", "order-", "payment-a."}) {
    auto rows = owner.exec("SELECT coalesce(log.key_of_stream('" + stream + "'), '')");
    EXPECT_EQ(rows.text(0, 0), stream_key(stream)) << stream;
  }
}

TEST(Holes, are_found_in_what_was_read) {
  auto at = [](int shard, int position) {
    RecordedEvent e;
    e.shard = Shard(static_cast<std::int16_t>(shard));
    e.position = Position(position);
    return e;
  };
  std::vector<ShardPosition> after = {{Shard(0), Position(4)}, {Shard(1), Position(0)}};
  EXPECT_FALSE(first_hole(after, {}));
  EXPECT_FALSE(first_hole(after, std::vector{at(0, 5), at(0, 6), at(1, 1)}));
  EXPECT_EQ(first_hole(after, std::vector{at(0, 6)})->position, Position(5));
  EXPECT_EQ(first_hole(after, std::vector{at(0, 5), at(1, 1), at(1, 3)})->position, Position(2));
}

}  // namespace
}  // namespace ordersaga::events
