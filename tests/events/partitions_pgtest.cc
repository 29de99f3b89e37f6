// The inbox' window and its partitions: what is made ahead, what is dropped, and from when on a command is taken.
#include <gtest/gtest.h>

#include "events/errors.h"
#include "events/postgres_event_store.h"
#include "tests/contract/event_store_fixture.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using runtime::postgres::Error;
using std::chrono::days;
using std::chrono::hours;
using testing_support::TestDatabase;

constexpr int kShards = 2;
constexpr int kLeaf = 10;
const Shard kShard(0);

struct Partitions : ::testing::Test {
  TestDatabase database{{.shards = kShards, .leaf_size = kLeaf}};
  std::string target = database.target_as("ordersaga_writer", "-c lock_timeout=2s");
  PostgresEventStore store{{.target = target}};
  Connection admin{database.target()};

  // The complaint of a statement; empty when it worked.
  std::string complaint(const std::string& sql) {
    try {
      admin.exec(sql);
      return "";
    } catch (const Error& e) {
      return e.what();
    }
  }
  std::int64_t number(const std::string& sql) { return admin.exec("SELECT " + sql).integer(0, 0); }
};

struct InboxWindow : Partitions {
  std::int64_t partitions() { return number("count(*) FROM pg_inherits WHERE inhparent = 'log.inbox'::regclass"); }
  Timestamp since() { return store.begin(std::vector{kShard})->inbox_since(); }
};

TEST_F(InboxWindow, partitions_are_made_ahead_and_dropped_whole_when_no_command_in_them_is_within_the_window) {
  admin.exec("SELECT log.drop_inbox('2100-01-01'); UPDATE log.installation SET inbox_floor = 'epoch'");
  admin.exec("SELECT log.maintain_at('2024-01-20 12:00+00')");
  // 16 January to the half-month of 5 March.
  EXPECT_EQ(partitions(), 4);
  EXPECT_FALSE(admin.exec("SELECT to_regclass('log.inbox_2024_01_16'), to_regclass('log.inbox_2024_03_01')").is_null(0, 1));
  admin.exec("SELECT log.maintain_at('2024-02-15 23:59+00')");
  EXPECT_FALSE(admin.exec("SELECT to_regclass('log.inbox_2024_01_16')").is_null(0, 0)) << "its last day is 15 days old tomorrow";
  admin.exec("SELECT log.maintain_at('2024-02-16 00:00+00')");
  EXPECT_TRUE(admin.exec("SELECT to_regclass('log.inbox_2024_01_16')").is_null(0, 0));
  EXPECT_EQ(admin.exec("SELECT inbox_floor FROM log.installation").text(0, 0), "2024-02-01 00:00:00+00");
}

TEST_F(InboxWindow, a_longer_window_keeps_partitions_for_longer) {
  admin.exec("SELECT log.set_inbox_days(30)");
  admin.exec("SELECT log.ensure_inbox('2024-01-16', '2024-01-16'); SELECT log.maintain_at('2024-03-01 00:00+00')");
  EXPECT_FALSE(admin.exec("SELECT to_regclass('log.inbox_2024_01_16')").is_null(0, 0));
  admin.exec("SELECT log.maintain_at('2024-03-03 00:00+00')");
  EXPECT_TRUE(admin.exec("SELECT to_regclass('log.inbox_2024_01_16')").is_null(0, 0));
}

TEST_F(InboxWindow, is_fifteen_to_thirty_days) {
  EXPECT_NE(complaint("SELECT log.set_inbox_days(14)"), "");
  EXPECT_NE(complaint("SELECT log.set_inbox_days(31)"), "");
  Timestamp now = store.clock();
  EXPECT_GE(since(), now - days(15) + hours(1));
  EXPECT_LT(since(), now - days(15) + hours(2));
  admin.exec("SELECT log.set_inbox_days(30)");
  EXPECT_LT(since(), now - days(29));
}

// The trap: days are given back to the window, but not the entries of those days. A command of then would be decided twice.
TEST_F(InboxWindow, that_is_made_longer_does_not_reach_behind_what_was_dropped) {
  admin.exec("SELECT log.ensure_inbox(now() - interval '40 days', now())");
  admin.exec("SELECT log.maintain()");
  Timestamp floor = admin.exec("SELECT inbox_floor FROM log.installation").time(0, 0);
  EXPECT_GT(floor, store.clock() - days(45));
  admin.exec("UPDATE log.installation SET inbox_floor = now() - interval '16 days'");
  admin.exec("SELECT log.set_inbox_days(30)");
  EXPECT_GE(since(), store.clock() - days(16)) << "what is older may have been decided and dropped";
}

TEST_F(InboxWindow, a_command_within_it_is_found_wherever_the_partitions_part) {
  for (int age : {0, 3, 9, 14}) {
    std::string id = "m" + std::to_string(age);
    admin.exec("SELECT log.ensure_inbox(now() - interval '20 days', now()); INSERT INTO log.inbox VALUES (now() - interval '" +
               std::to_string(age) + " days', 1, 0, 'k', '" + id + "', 's', 'h')");
    admin.exec("SELECT log.maintain()");
    EXPECT_EQ(store.begin(std::vector{kShard})->find_inbox(std::vector{InboxKey{kShard, "k", id}}).size(), 1u) << age;
  }
}

}  // namespace
}  // namespace ordersaga::events
