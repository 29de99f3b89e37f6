#include "events/postgres_event_store.h"

#include "tests/contract/event_store_contract.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using runtime::postgres::Rows;
using testing_support::TestDatabase;

// As the daemon's own role, with its rights and settings but for the lock timeout.
constexpr const char* kShortLocks = "-c lock_timeout=500ms";

struct PostgresStores {
  static constexpr int kShards = 4;
  TestDatabase database;
  std::unique_ptr<EventStore> open() {
    return std::make_unique<PostgresEventStore>(PostgresStoreOptions{.target = database.target_as("ordersaga_writer", kShortLocks)});
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, EventStoreLogContract, PostgresStores);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, EventStoreTablesContract, PostgresStores);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EventStoreOperatorsContract);  // postgres_operators_pgtest.cc

// What only a database can do or get wrong.
struct PostgresEventStoreTest : ::testing::Test {
  static constexpr int kShards = 4;
  static constexpr std::int64_t kLeaf = 100;  // records
  TestDatabase database{{.shards = kShards, .leaf_size = kLeaf}};
  std::string target = database.target_as("ordersaga_writer", kShortLocks);
  PostgresEventStore store{{.target = target}};
  Connection admin{database.target()};

  static Shard shard(int n) { return Shard(static_cast<std::int16_t>(n)); }
  static Timestamp now_of(const TurnTransaction& turn) {
    Timestamp now = turn.clock();
    for (const ShardHead& h : turn.heads()) now = std::max(now, h.recorded_at);
    return now;
  }
  void commit(const TurnWrite& what) {
    std::vector<Shard> all;
    for (int n = 0; n < kShards; ++n) all.push_back(shard(n));
    auto turn = store.begin(all);
    ASSERT_TRUE(std::holds_alternative<Written>(turn->write(what, now_of(*turn))));
    turn->commit();
  }
  // A stream of shard 0.
  static std::string stream_in_zero() {
    for (int i = 0;; ++i)
      if (std::string stream = "order-" + std::to_string(i); shard_of(stream_key(stream), kShards) == Shard(0)) return stream;
  }
};

// A turn with something of everything, of `n` orders.
TurnWrite turn_of(int n) {
  TurnWrite turn;
  for (int i = 0; i < n; ++i) {
    std::string id = std::to_string(n) + "." + std::to_string(i), sku = "sku" + id;
    Shard at = shard_of(id, PostgresEventStoreTest::kShards);
    turn.inbox.push_back({{at, id, id}, "hash", turn.records.size(), "commands/0/1"});
    turn.records.push_back(streamless(at));
    turn.records.push_back(event_of("order-" + id, 1, PostgresEventStoreTest::kShards));
    turn.wakeups.push_back({at, "saga-x-" + id, Timestamp(std::chrono::seconds(1)), false});
    turn.ended.push_back({at, "saga-y-" + id, {}, false});
    turn.stock.push_back({sku, "ams", 1, 0, true});
  }
  return turn;
}

TEST_F(PostgresEventStoreTest, a_turn_of_many_orders_takes_as_many_statements_as_a_turn_of_one) {
  std::vector<Shard> all = {shard(0), shard(1), shard(2), shard(3)};
  store.begin(all)->commit();  // after maintenance
  std::vector<std::uint64_t> counts;
  for (int n : {1, 150}) {
    TurnWrite what = turn_of(n);
    std::vector<InboxKey> keys;
    std::vector<std::string> streams, skus;
    for (const NewInboxEntry& e : what.inbox) {
      keys.push_back(e.id);
      streams.push_back("order-" + e.id.key);
      streams.push_back("payment-" + e.id.key + ".");
      skus.push_back("sku" + e.id.key);
    }
    std::uint64_t before = store.statements();
    auto turn = store.begin(all);
    turn->find_inbox(keys);
    turn->read_streams(streams);
    turn->read_levels(skus, LockRows::yes);
    ASSERT_TRUE(std::holds_alternative<Written>(turn->write(what, now_of(*turn))));
    turn->commit();
    counts.push_back(store.statements() - before);
  }
  EXPECT_EQ(counts[0], counts[1]);
  // Begin and lock, heads, inbox, streams, levels; records, inbox, wake-ups, new stock rows, stock; commit.
  EXPECT_EQ(counts[0], 11u);
}

TEST_F(PostgresEventStoreTest, a_turn_of_many_bytes_goes_in_several_statements_whole_in_order_or_not_at_all) {
  const std::string stream = stream_in_zero();
  const std::string large(100'000, 'x');
  TurnWrite first;
  first.records = {event_of(stream, 1, kShards)};
  commit(first);
  const auto turn_until = [&](int last) {
    TurnWrite what;
    for (int version = 2; version <= 20; ++version)
      what.records.push_back(event_of(stream, version, kShards, large + std::to_string(version)));
    what.records.push_back(event_of(stream + "x", last, kShards));
    return what;
  };
  std::vector<Shard> all = {shard(0), shard(1), shard(2), shard(3)};
  {
    auto turn = store.begin(all);
    const WriteOutcome refused = turn->write(turn_until(2), now_of(*turn));  // the last record's stream has no version 1
    ASSERT_TRUE(std::holds_alternative<VersionConflict>(refused));
    EXPECT_EQ(std::get<VersionConflict>(refused).stream, stream + "x");
  }
  EXPECT_EQ(store.read_stream(stream, Version(0), 100).size(), 1u);

  const std::uint64_t before = store.statements();
  commit(turn_until(1));
  EXPECT_EQ(store.statements() - before, 2u + 4u + 1u);  // begin and heads; 1.9 MB of records, 512 KiB each; commit
  const auto whole = store.read_stream(stream, Version(0), 100);
  ASSERT_EQ(whole.size(), 20u);
  for (std::size_t i = 1; i < whole.size(); ++i) {
    EXPECT_EQ(whole[i].version, Version(static_cast<std::int32_t>(i) + 1));
    EXPECT_EQ(whole[i].payload, large + std::to_string(i + 1));
    EXPECT_EQ(whole[i].position, whole[i - 1].position.next());
  }
}

TEST_F(PostgresEventStoreTest, a_turn_that_writes_nothing_sends_no_write) {
  store.begin(std::vector{shard(0)})->commit();
  std::uint64_t before = store.statements();
  auto turn = store.begin(std::vector{shard(0)});
  turn->find_inbox({});
  turn->read_streams({});
  turn->write({}, now_of(*turn));
  turn->commit();
  EXPECT_EQ(store.statements() - before, 3u);
}

TEST_F(PostgresEventStoreTest, a_log_of_many_leaves_reads_as_one) {
  std::string stream = stream_in_zero();
  constexpr int kRounds = 6, kEach = 60;
  for (int round = 0; round < kRounds; ++round) {
    TurnWrite what;
    for (int i = 1; i < kEach; ++i) what.records.push_back(streamless(shard(0)));
    what.records.push_back(event_of(stream, round + 1, kShards));
    commit(what);
    admin.exec("SELECT log.maintain()");
  }
  ASSERT_GE(admin.exec("SELECT count(*) FROM log.event_leaves WHERE shard = 0").integer(0, 0), 4);
  auto log = store.read_shards(std::vector{ShardPosition{shard(0), Position(0)}}, 10000);
  ASSERT_EQ(log.size(), static_cast<std::size_t>(kRounds * kEach));
  for (std::size_t i = 0; i < log.size(); ++i) ASSERT_EQ(log[i].position, Position(static_cast<std::int64_t>(i) + 1));
  EXPECT_EQ(store.read_shards(std::vector{ShardPosition{shard(0), Position(95)}}, 10).back().position, Position(105));
  EXPECT_EQ(store.heads()[0].position, Position(kRounds * kEach));
  auto whole = store.read_stream(stream, Version(0), 100);
  ASSERT_EQ(whole.size(), static_cast<std::size_t>(kRounds));
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(whole[i].version, Version(static_cast<std::int32_t>(i) + 1));
  auto turn = store.begin(std::vector{shard(0)});
  EXPECT_EQ(turn->heads()[0].position, Position(kRounds * kEach));
  EXPECT_EQ(turn->read_streams(std::vector{stream}).size(), static_cast<std::size_t>(kRounds));
  // Version 1 lies in the first leaf, where the last one's unique index does not see it.
  TurnWrite again;
  again.records = {event_of(stream, 1, kShards)};
  EXPECT_TRUE(std::holds_alternative<VersionConflict>(turn->write(again, now_of(*turn))));
}

TEST_F(PostgresEventStoreTest, a_log_without_room_says_that_maintenance_is_missing) {
  TurnWrite what;
  for (int i = 0; i < kLeaf + 1; ++i) what.records.push_back(streamless(shard(0)));
  auto turn = store.begin(std::vector{shard(0)});
  try {
    turn->write(what, now_of(*turn));
    FAIL() << "a leaf took more than its size";
  } catch (const StoreMisconfigured& e) {
    EXPECT_NE(std::string(e.what()).find("log.maintain()"), std::string::npos) << e.what();
  }
}

TEST_F(PostgresEventStoreTest, an_inbox_without_a_partition_says_that_maintenance_is_missing) {
  TurnWrite what;
  what.records = {streamless(shard(0))};
  what.inbox = {{{shard(0), "k", "m"}, "h", 0, ""}};
  auto turn = store.begin(std::vector{shard(0)});
  EXPECT_THROW(turn->write(what, now_of(*turn) + std::chrono::hours(24 * 400)), StoreMisconfigured);
}

TEST_F(PostgresEventStoreTest, inbox_partitions_are_half_months_made_ahead_and_dropped_when_old) {
  auto partitions = [&] { return admin.exec("SELECT count(*) FROM pg_inherits WHERE inhparent = 'log.inbox'::regclass").integer(0, 0); };
  std::int64_t ahead = partitions();
  EXPECT_GE(ahead, 3);
  EXPECT_LE(ahead, 5);
  admin.exec("SELECT log.ensure_inbox('2024-02-10', '2024-03-20')");
  EXPECT_EQ(partitions(), ahead + 4);
  Rows bounds = admin.exec("SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_class c WHERE c.relname = 'inbox_2024_02_16'");
  ASSERT_EQ(bounds.size(), 1u);
  EXPECT_EQ(bounds.text(0, 0), "FOR VALUES FROM ('2024-02-16 00:00:00+00') TO ('2024-03-01 00:00:00+00')");
  admin.exec("SELECT log.maintain()");
  EXPECT_EQ(partitions(), ahead) << "what is older than the inbox' days goes, the rest stays";
}

TEST_F(PostgresEventStoreTest, reads_of_streams_and_heads_use_the_leaves_indexes) {
  Connection writer(target);
  auto plan_of = [&](const std::string& query) {
    std::string plan;
    Rows rows = writer.exec("EXPLAIN " + query);
    for (std::size_t i = 0; i < rows.size(); ++i) plan += std::string(rows.text(i, 0)) + "\n";
    return plan;
  };
  std::string stream = plan_of(
      "SELECT e.* FROM unnest('{1}'::smallint[], '{a}'::text[]) AS w (shard, stream) CROSS JOIN LATERAL "
      "(SELECT * FROM log.events AS e WHERE e.shard = w.shard AND e.stream >= w.stream AND e.stream < 'b' OFFSET 0) AS e");
  EXPECT_EQ(stream.find("Seq Scan"), std::string::npos) << stream;
  EXPECT_NE(stream.find("events_1_0_stream_version_key"), std::string::npos) << stream;
  EXPECT_EQ(stream.find("events_1_0_pkey"), std::string::npos) << stream;
  std::string head = plan_of(
      "SELECT h.position FROM unnest('{1}'::smallint[]) AS w (shard) LEFT JOIN LATERAL "
      "(SELECT e.position FROM log.events AS e WHERE e.shard = w.shard ORDER BY e.position DESC LIMIT 1) AS h ON true");
  EXPECT_EQ(head.find("Seq Scan"), std::string::npos) << head;
  EXPECT_NE(head.find("Backward using events_1_0_pkey"), std::string::npos) << head;
  EXPECT_EQ(head.find("Sort"), std::string::npos) << head;
}

TEST_F(PostgresEventStoreTest, a_session_connects_anew_after_its_connection_was_lost) {
  auto turn = store.begin(std::vector{shard(0)});
  admin.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'ordersaga_writer'");
  TurnWrite what;
  what.records = {streamless(shard(0))};
  EXPECT_THROW(turn->write(what, turn->clock()), StoreUnavailable);
  turn.reset();
  EXPECT_EQ(store.begin(std::vector{shard(0)})->heads()[0].position, Position(0));
  commit(what);
  EXPECT_EQ(store.heads()[0].position, Position(1));
}

TEST_F(PostgresEventStoreTest, a_commit_whose_answer_is_lost_is_in_doubt) {
  admin.exec(
      "CREATE FUNCTION log.die() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; "
      "END'; CREATE CONSTRAINT TRIGGER die AFTER INSERT ON log.wakeups DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "
      "log.die()");
  auto turn = store.begin(std::vector{shard(0)});
  TurnWrite what;
  what.records = {streamless(shard(0))};
  what.wakeups = {{shard(0), "saga-x-1", {}, false}};
  turn->write(what, turn->clock());
  EXPECT_THROW(turn->commit(), CommitInDoubt);
  turn.reset();
  EXPECT_EQ(store.begin(std::vector{shard(0)})->heads()[0].position, Position(0)) << "under the lock its fate is known";
}

TEST_F(PostgresEventStoreTest, a_commit_that_comes_back_with_a_warning_is_in_doubt) {
  admin.exec(
      "CREATE FUNCTION log.warn() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE WARNING ''canceling wait'' USING ERRCODE = ''01000''; "
      "RETURN NULL; END'; CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON log.wakeups DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
      "EXECUTE FUNCTION log.warn()");
  auto turn = store.begin(std::vector{shard(0)});
  TurnWrite what;
  what.records = {streamless(shard(0))};
  what.wakeups = {{shard(0), "saga-x-1", {}, false}};
  turn->write(what, turn->clock());
  EXPECT_THROW(turn->commit(), CommitInDoubt);
  turn.reset();
  EXPECT_EQ(store.begin(std::vector{shard(0)})->heads()[0].position, Position(1));
}

TEST_F(PostgresEventStoreTest, a_holder_that_is_too_old_is_terminated_and_named) {
  PostgresEventStore impatient({.target = target, .holder_limit = std::chrono::seconds(0)});
  auto stuck = store.begin(std::vector{shard(0)});
  try {
    impatient.begin(std::vector{shard(0)});
    FAIL() << "two sessions hold one shard";
  } catch (const ShardBusy& e) {
    EXPECT_EQ(e.terminated, 1) << e.what();
    EXPECT_NE(std::string(e.what()).find("was terminated"), std::string::npos) << e.what();
  }
  EXPECT_NO_THROW(impatient.begin(std::vector{shard(0)}));
  EXPECT_THROW(stuck->commit(), StoreError);
}

TEST_F(PostgresEventStoreTest, a_holder_within_the_limit_is_left_alone) {
  PostgresEventStore patient({.target = target, .holder_limit = std::chrono::seconds(60)});
  auto turn = store.begin(std::vector{shard(0)});
  EXPECT_THROW(patient.begin(std::vector{shard(0)}), ShardBusy);
  EXPECT_NO_THROW(turn->commit());
}

TEST_F(PostgresEventStoreTest, a_deadlock_over_stock_is_to_be_tried_again) {
  TurnWrite fill;
  fill.stock = {{"A", "ams", 9, 0, true}, {"B", "ams", 9, 0, true}};
  commit(fill);
  std::string waiting = database.target_as("ordersaga_writer", "-c lock_timeout=20s");
  PostgresEventStore a({.target = waiting}), b({.target = waiting});
  auto first = a.begin(std::vector{shard(0)});
  auto second = b.begin(std::vector{shard(1)});
  first->read_levels(std::vector<std::string>{"B"}, LockRows::yes);
  second->read_levels(std::vector<std::string>{"A"}, LockRows::yes);
  auto got = [](std::unique_ptr<TurnTransaction>& turn, const std::string& sku) {
    try {
      turn->read_levels(std::vector{sku}, LockRows::yes);
      return true;
    } catch (const StoreUnavailable&) {
      turn.reset();
      return false;
    }
  };
  auto first_got = std::async(std::launch::async, [&] { return got(first, "A"); });
  bool second_got = got(second, "B");
  EXPECT_NE(first_got.get(), second_got) << "one of the two is given up, and its caller can try again";
}

}  // namespace
}  // namespace ordersaga::events
