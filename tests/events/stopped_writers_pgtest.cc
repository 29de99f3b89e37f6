// Writers that stop while they hold a shard: what frees it, and what becomes of them when they wake up.
//
// The server's timeouts are shown to free what they can free, and to be escaped by what they cannot; that is what the next
// writer's termination of the holder is for.
#include <gtest/gtest.h>

#include <atomic>

#include "events/postgres_event_store.h"
#include "schemas/streams.h"
#include "tests/events/writer_process.h"
#include "tests/support/frontend_proxy.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using runtime::postgres::Rows;
using std::chrono::milliseconds;
using testing_support::Fault;
using testing_support::FrontendProxy;
using testing_support::TestDatabase;
using testing_support::TestDatabaseOptions;

// Timeouts of the server for the session that stops. The two that are off here are tried by tests of their own.
constexpr const char* kNoTimeouts = "-c lock_timeout=20s -c idle_in_transaction_session_timeout=0 -c statement_timeout=0";
constexpr const char* kShortTimeouts = "-c lock_timeout=20s -c idle_in_transaction_session_timeout=300ms -c statement_timeout=300ms";
constexpr milliseconds kLong{600'000};

struct StoppedWriters : ::testing::Test {
  TestDatabase database;
  std::string stopped = database.target_as("ordersaga_writer", kNoTimeouts);
  std::string waiting = database.target_as("ordersaga_writer", "-c lock_timeout=1s");
  Connection admin{database.target()};
  Connection watch{database.target()};

  // Waits until the stopped writer's session is as `condition`, on pg_stat_activity, says.
  void wait_for_session(const std::string& condition) {
    ASSERT_TRUE(support::eventually(
        std::chrono::seconds(20),
        [&] {
          return !watch
                      .exec("SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'ordersaga_writer' AND (" +
                            condition + ")")
                      .empty();
        }))
        << condition << "\n"
        << activity();
  }
  std::string activity() {
    std::string text;
    Rows rows = watch.exec(
        "SELECT coalesce(state, '') || ' ' || coalesce(wait_event, '') || ' ' || query FROM pg_stat_activity "
        "WHERE datname = current_database()");
    for (std::size_t i = 0; i < rows.size(); ++i) text += std::string(rows.text(i, 0)) + "\n";
    return text;
  }
  // A writer that waits at `shard`; gives what it was told.
  std::string wait_at(Shard shard, milliseconds limit) {
    PostgresEventStore store({.target = waiting, .holder_limit = limit});
    try {
      store.begin(std::vector{shard});
      return "free";
    } catch (const ShardBusy& e) {
      return std::string(e.terminated > 0 ? "terminated: " : "busy: ") + e.what();
    }
  }
  // The command was decided once, whoever asked how often.
  void expect_decided_once() {
    EXPECT_EQ(admin.exec("SELECT count(*) FROM log.events WHERE shard = 0 AND payload = 'the command'").integer(0, 0), 1);
    EXPECT_EQ(admin.exec("SELECT count(*) FROM log.inbox WHERE shard = 0").integer(0, 0), 1);
  }
  // A stopped writer's shard is busy for who is patient, and freed by who is not; the stopped one finds out when it wakes.
  void expect_freed_by_the_next_writer(WriterProcess& writer) {
    EXPECT_TRUE(wait_at(Shard(0), kLong).starts_with("busy: "));
    std::string told = wait_at(Shard(0), milliseconds(1));
    EXPECT_TRUE(told.starts_with("terminated: ")) << told;
    EXPECT_EQ(wait_at(Shard(0), kLong), "free");
    expect_it_fails_and_begins_again(writer);
  }
  void expect_it_fails_and_begins_again(WriterProcess& writer) {
    writer.wake();
    EXPECT_EQ(writer.hear(), "unavailable");
    EXPECT_EQ(writer.hear(), "applied");
    expect_decided_once();
  }
};

// Says "locked" when it holds the shard, waits, goes on, and begins again when that has failed.
void decide_until_done(const WriterProcess::Ends& ends, const std::string& target,
                       const std::function<void(TurnTransaction&)>& before_write, const TurnWrite& what = the_command()) {
  PostgresEventStore store({.target = target});
  std::string outcome = decide_the_command(store, before_write, what);
  ends.say(outcome);
  if (outcome != "applied") ends.say(decide_the_command(store));
}
WriterProcess idle_writer(const std::string& target) {
  return WriterProcess([target](const auto& ends) {
    decide_until_done(ends, target, [&](TurnTransaction&) {
      ends.say("locked");
      ends.wait_for_go();
    });
  });
}

TEST_F(StoppedWriters, a_writer_that_idles_with_the_lock_is_ended_by_the_server) {
  WriterProcess writer([target = database.target_as("ordersaga_writer", kShortTimeouts)](const auto& ends) {
    PostgresEventStore store({.target = target});
    ends.say(decide_the_command(store, [&](TurnTransaction&) {
      ends.say("locked");
      ends.wait_for_go();
    }));
    ends.say(decide_the_command(store));
  });
  ASSERT_EQ(writer.hear(), "locked");
  writer.stop();
  EXPECT_EQ(wait_at(Shard(0), kLong), "free");
  writer.go();
  expect_it_fails_and_begins_again(writer);
}

TEST_F(StoppedWriters, a_writer_that_idles_with_the_lock_is_ended_by_the_next_writer) {
  WriterProcess writer = idle_writer(stopped);
  ASSERT_EQ(writer.hear(), "locked");
  writer.stop();
  writer.go();
  expect_freed_by_the_next_writer(writer);
}

TEST_F(StoppedWriters, a_writer_that_has_not_held_the_shard_for_long_keeps_it) {
  WriterProcess writer = idle_writer(stopped);
  ASSERT_EQ(writer.hear(), "locked");
  std::string told = wait_at(Shard(0), kLong);
  EXPECT_TRUE(told.starts_with("busy: ")) << told;
  EXPECT_NE(told.find("idle in transaction"), std::string::npos) << "the holder and what it does are named: " << told;
  writer.go();
  EXPECT_EQ(writer.hear(), "applied");
}

TEST_F(StoppedWriters, a_writer_stopped_between_its_inserts_is_ended_and_leaves_nothing_of_its_turn) {
  admin.exec("BEGIN; LOCK TABLE log.inbox_" + std::string(admin.exec("SELECT to_char(log.half_month(now()), 'YYYY_MM_DD')").text(0, 0)) +
             " IN EXCLUSIVE MODE");
  WriterProcess writer([target = stopped](const auto& ends) { decide_until_done(ends, target, {}); });
  wait_for_session("wait_event_type = 'Lock' AND query LIKE 'INSERT INTO log.inbox%'");
  writer.stop();
  admin.commit();
  // The insert is done, its result lies unread, and the next statement never comes.
  wait_for_session("state = 'idle in transaction'");
  expect_freed_by_the_next_writer(writer);
}

TEST_F(StoppedWriters, a_result_that_nobody_reads_holds_the_shard_past_every_timeout_but_not_past_the_next_writer) {
  admin.exec(
      "INSERT INTO log.stock (sku, location, on_hand, reserved) "
      "SELECT 'A', repeat('l', 50) || n, 1, 0 FROM generate_series(1, 100000) AS n");
  std::string target =
      database.target_as("ordersaga_writer", "-c lock_timeout=20s -c statement_timeout=2s -c idle_in_transaction_session_timeout=300ms");
  WriterProcess writer([target](const auto& ends) {
    PostgresEventStore store({.target = target});
    // Once before, so that it is the statement that waits later, and not its preparation.
    store.begin(std::vector{Shard(0)})->read_levels(std::vector<std::string>{"none"}, LockRows::no);
    ends.say("prepared");
    ends.wait_for_go();
    ends.say(decide_the_command(store, [&](TurnTransaction& turn) { turn.read_levels(std::vector<std::string>{"A"}, LockRows::no); }));
    ends.say(decide_the_command(store));
  });
  ASSERT_EQ(writer.hear(), "prepared");
  admin.exec("BEGIN; LOCK TABLE log.stock");
  writer.go();
  wait_for_session("wait_event_type = 'Lock'");
  writer.stop();
  admin.commit();
  wait_for_session("state = 'active' AND wait_event = 'ClientWrite'");
  // Past the statement's time, which the server cannot act upon in the middle of a result.
  wait_for_session("query_start < clock_timestamp() - interval '3 seconds'");
  expect_freed_by_the_next_writer(writer);
}

TEST_F(StoppedWriters, a_statement_whose_arrays_arrived_in_part_is_ended_by_the_next_writer) {
  FrontendProxy proxy(
      stopped, [](char type, std::string_view body) { return type == 'B' && body.size() > 500'000 ? Fault::stall_within : Fault::none; });
  WriterProcess writer([target = proxy.through(stopped)](const auto& ends) {
    TurnWrite large = the_command();
    large.records[0].payload = std::string(800'000, 'x');
    ends.say("begins");
    decide_until_done(ends, target, {}, large);
  });
  ASSERT_EQ(writer.hear(), "begins");
  ASSERT_TRUE(support::eventually(std::chrono::seconds(20), [&] { return proxy.faults() == 1; }));
  writer.stop();
  expect_freed_by_the_next_writer(writer);
}

TEST_F(StoppedWriters, half_a_message_between_two_whole_ones_escapes_the_timeouts_but_not_the_next_writer) {
  std::atomic<bool> bound = false, done = false;
  std::string target = database.target_as("ordersaga_writer", kShortTimeouts);
  FrontendProxy proxy(target, [&](char type, std::string_view body) {
    if (type == 'B' && body.find("turn_insert_records") != std::string_view::npos) bound = true;
    return type == 'E' && bound && !done.exchange(true) ? Fault::stall_within : Fault::none;
  });
  WriterProcess writer([target = proxy.through(target)](const auto& ends) { decide_until_done(ends, target, {}); });
  ASSERT_TRUE(support::eventually(std::chrono::seconds(20), [&] { return proxy.faults() == 1; }));
  writer.stop();
  wait_for_session("xact_start < clock_timestamp() - interval '1 second'");
  expect_freed_by_the_next_writer(writer);
}

// A turn in which every statement has something to do, stopped in the middle of what it sends for one of them.
struct StoppedAtEachStatement : StoppedWriters, ::testing::WithParamInterface<const char*> {
  static std::string stream() {
    for (int i = 0;; ++i)
      if (std::string s = "order-" + std::to_string(i); shard_of(stream_key(s), TestDatabaseOptions().shards) == Shard(0)) return s;
  }
  static TurnWrite whole_turn() {
    TurnWrite turn = the_command();
    turn.records.push_back({Shard(0), stream(), Version(1), TypeNumber(101), "p", "m"});
    turn.wakeups = {{Shard(0), "saga-place_order-new", {}, true}};
    turn.ended = {{Shard(0), "saga-place_order-old", {}, false}};
    turn.stock = {{"A", "ams", -1, 1, false}};
    return turn;
  }
  static bool is_of(std::string_view statement, char type, std::string_view body) {
    return (type == 'B' && body.find(statement) != std::string_view::npos) || (type == 'Q' && body.starts_with(statement));
  }
};

TEST_P(StoppedAtEachStatement, the_next_writer_frees_the_shard_and_nothing_is_left_of_the_turn) {
  admin.exec("INSERT INTO log.stock (sku, location, on_hand, reserved) VALUES ('A', 'ams', 5, 0)");
  admin.exec("INSERT INTO log.wakeups VALUES (now(), 0, false, 'saga-place_order-old')");
  std::atomic<bool> done = false;
  std::string statement = GetParam();
  FrontendProxy proxy(stopped, [&](char type, std::string_view body) {
    return is_of(statement, type, body) && !done.exchange(true) ? Fault::stall_within : Fault::none;
  });
  WriterProcess writer([target = proxy.through(stopped)](const auto& ends) {
    auto read_all = [](TurnTransaction& turn) {
      turn.read_streams(std::vector{stream()});
      turn.read_levels(std::vector<std::string>{"A"}, LockRows::yes);
    };
    decide_until_done(ends, target, read_all, whole_turn());
  });
  ASSERT_TRUE(support::eventually(std::chrono::seconds(20), [&] { return proxy.faults() == 1; }));
  writer.stop();
  std::string told = wait_at(Shard(0), milliseconds(1));
  EXPECT_TRUE(told.starts_with("terminated: ")) << told;
  EXPECT_EQ(admin.exec("SELECT count(*) FROM log.events").integer(0, 0), 0);
  writer.wake();
  EXPECT_EQ(writer.hear(), statement == "COMMIT" ? "in doubt" : "unavailable");
  EXPECT_EQ(writer.hear(), "applied");
  expect_decided_once();
  EXPECT_EQ(admin.exec("SELECT on_hand FROM log.stock").integer(0, 0), 5);
  EXPECT_EQ(admin.exec("SELECT min(saga) FROM log.wakeups").text(0, 0), "saga-place_order-old");
}

INSTANTIATE_TEST_SUITE_P(OfATurn, StoppedAtEachStatement,
                         ::testing::Values("turn_heads", "turn_find_inbox", "turn_read_streams", "turn_lock_levels", "turn_insert_records",
                                           "turn_insert_inbox", "turn_write_wakeups", "turn_change_levels", "COMMIT"),
                         [](const auto& info) { return std::string(info.param); });

// Who waits at the lock is given it, awake or not.
TEST_F(StoppedWriters, a_writer_stopped_while_it_waits_for_the_shard_gets_it_and_loses_it_to_the_next_writer) {
  admin.exec("BEGIN; SELECT pg_advisory_xact_lock(7000, 0)");
  WriterProcess writer([target = stopped](const auto& ends) { decide_until_done(ends, target, {}); });
  wait_for_session("wait_event_type = 'Lock' AND wait_event = 'advisory'");
  writer.stop();
  admin.commit();
  wait_for_session("state = 'idle in transaction'");
  expect_freed_by_the_next_writer(writer);
}

TEST_F(StoppedWriters, a_row_of_stock_that_a_stopped_writer_of_another_shard_holds_is_freed_by_who_waits_for_it) {
  admin.exec("INSERT INTO log.stock (sku, location, on_hand, reserved) VALUES ('A', 'ams', 5, 0)");
  WriterProcess writer([target = stopped](const auto& ends) {
    decide_until_done(ends, target, [&](TurnTransaction& turn) {
      turn.read_levels(std::vector<std::string>{"A"}, LockRows::yes);
      ends.say("locked");
      ends.wait_for_go();
    });
  });
  ASSERT_EQ(writer.hear(), "locked");
  writer.stop();
  writer.go();
  TurnWrite take;
  take.stock = {{"A", "ams", -1, 1, false}};
  auto write_in_another_shard = [&](milliseconds limit) {
    PostgresEventStore store({.target = waiting, .holder_limit = limit});
    auto turn = store.begin(std::vector{Shard(1)});
    turn->write(take, turn->clock());
    turn->commit();
  };
  EXPECT_THROW(write_in_another_shard(kLong), ShardBusy);
  try {
    write_in_another_shard(milliseconds(1));
    FAIL() << "the row was free";
  } catch (const ShardBusy& e) {
    EXPECT_EQ(e.terminated, 1) << e.what();
  }
  EXPECT_NO_THROW(write_in_another_shard(kLong));
  expect_it_fails_and_begins_again(writer);
  EXPECT_EQ(admin.exec("SELECT on_hand FROM log.stock").integer(0, 0), 4);
}

TEST_F(StoppedWriters, a_holder_of_another_role_is_named_and_left_alone) {
  admin.exec("BEGIN; SELECT pg_advisory_xact_lock(7000, 0)");
  std::string told = wait_at(Shard(0), milliseconds(0));
  EXPECT_TRUE(told.starts_with("busy: ")) << told;
  EXPECT_NE(told.find("of the role"), std::string::npos) << told;
  EXPECT_NO_THROW(admin.commit());
}

}  // namespace
}  // namespace ordersaga::events
