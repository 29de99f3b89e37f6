// The log taken back in time by a restored backup, and the epoch after that.
#include <gtest/gtest.h>

#include "events/epochs.h"
#include "events/postgres_event_store.h"
#include "events/schema.h"
#include "tests/contract/event_store_fixture.h"
#include "tests/support/private_postgres.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using runtime::postgres::Error;
using testing_support::PrivatePostgres;
using testing_support::TestDatabase;

const Shard kShard(0);

void append(const std::string& target, int count, const std::string& payload) {
  PostgresEventStore store({.target = target});
  TurnWrite turn;
  for (int i = 0; i < count; ++i) turn.records.push_back(streamless(kShard, payload));
  auto transaction = store.begin(std::vector{kShard});
  Timestamp now = std::max(transaction->clock(), transaction->heads()[0].recorded_at);
  ASSERT_TRUE(std::holds_alternative<Written>(transaction->write(turn, now)));
  transaction->commit();
}

void publish(Connection& relay, int epoch, int position) {
  relay.exec("INSERT INTO log.relay_cursors (shard, epoch, position, kafka_offset, cluster_id) VALUES (0, " + std::to_string(epoch) + ", " +
             std::to_string(position) + ", 0, 'c') ON CONFLICT (shard) DO UPDATE SET epoch = excluded.epoch, position = excluded.position");
}

TEST(RestoredLog, parts_from_its_past_after_what_was_in_the_backup_and_published) {
  PrivatePostgres server;
  migrate(server.target(), {.shards = 2, .leaf_size = 1000});
  std::string writer = server.target_as("ordersaga_writer");
  append(writer, 10, "kept");
  Connection(server.target()).exec("CHECKPOINT");
  {
    Connection relay(server.target_as("ordersaga_relay"));
    publish(relay, 1, 8);
  }
  server.stop_immediately();
  server.back_up();
  server.start();
  append(writer, 5, "lost");  // 11 … 15, and Kafka has all of them
  {
    Connection relay(server.target_as("ordersaga_relay"));
    publish(relay, 1, 15);
  }
  server.stop_immediately();
  server.restore();
  server.start();
  PostgresEventStore store({.target = server.target_as("ordersaga_relay")});
  EXPECT_EQ(store.heads()[0].position, Position(10));
  append(writer, 3, "anew");  // before anybody looked: 11 … 13 stand for something else now

  Connection owner(server.target());
  owner.exec("SET ROLE ordersaga_owner");
  EXPECT_EQ(owner.exec("SELECT log.begin_epoch(1, 'the backup of noon was restored')").integer(0, 0), 2);
  EXPECT_EQ(store.epoch(), Epoch(2));
  std::vector<EpochStart> starts = store.epoch_starts();
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_EQ(starts[0].after, Position(8)) << "what the backup knows to be published";
  // A consumer that has seen 15 of the first life applies 9 … 13 of the second one.
  EXPECT_EQ(carried_over(starts, kShard, Epoch(1), Position(15)), Position(8));
  for (const RecordedEvent& e : store.read_shards(std::vector{ShardPosition{kShard, Position(8)}}, 100))
    EXPECT_EQ(epoch_of(starts, kShard, e.position), Epoch(2));
  append(writer, 1, "goes on");
  EXPECT_EQ(store.heads()[0].position, Position(14));
}

struct NewEpoch : ::testing::Test {
  TestDatabase database;
  Connection admin{database.target()};
  std::string writer = database.target_as("ordersaga_writer", "-c lock_timeout=500ms");

  std::string state_of(const std::string& sql) {
    try {
      admin.exec(sql);
      return "";
    } catch (const Error& e) {
      return e.sqlstate;
    }
  }
};

TEST_F(NewEpoch, tells_who_began_it_and_why) {
  append(writer, 4, "p");
  admin.exec("SELECT log.begin_epoch(1, 'a replica took over', '{0}', '{3}')");
  EXPECT_EQ(admin.exec("SELECT actor || ': ' || reason FROM log.epoch_changes WHERE epoch = 2").text(0, 0),
            std::string(admin.exec("SELECT session_user").text(0, 0)) + ": a replica took over");
  EXPECT_EQ(admin.exec("SELECT starts_after || '/' || head FROM log.epochs WHERE shard = 0").text(0, 0), "3/4");
}

TEST_F(NewEpoch, is_refused_without_a_reason_at_no_place_of_the_log_or_after_somebody_else_began_one) {
  append(writer, 4, "p");
  EXPECT_EQ(state_of("SELECT log.begin_epoch(1, '  ')"), "23514");
  EXPECT_EQ(state_of("SELECT log.begin_epoch(1, 'because', '{0}', '{5}')"), "22023");
  EXPECT_EQ(state_of("SELECT log.begin_epoch(1, 'because', '{9}', '{0}')"), "22023");
  EXPECT_EQ(state_of("SELECT log.begin_epoch(1, 'because', '{0,1}', '{0}')"), "22023");
  EXPECT_EQ(state_of("SELECT log.begin_epoch(1, 'because')"), "");
  EXPECT_EQ(state_of("SELECT log.begin_epoch(1, 'because')"), "55000");
}

TEST_F(NewEpoch, waits_until_no_turn_is_under_way_and_is_seen_by_the_next_one) {
  PostgresEventStore store({.target = writer});
  auto turn = store.begin(std::vector{Shard(3)});
  admin.exec("SET statement_timeout = '300ms'");
  EXPECT_NE(state_of("SELECT log.begin_epoch(1, 'because')"), "") << "a turn is under way in the present epoch";
  turn.reset();
  admin.exec("SET statement_timeout = 0");
  EXPECT_EQ(state_of("SELECT log.begin_epoch(1, 'because')"), "");
  EXPECT_EQ(store.begin(std::vector{Shard(3)})->epoch(), Epoch(2));
}

TEST_F(NewEpoch, of_a_cursor_that_is_an_epoch_behind_starts_where_that_is_worth_still) {
  append(writer, 10, "p");
  publish(admin, 1, 10);
  admin.exec("SELECT log.begin_epoch(1, 'because', '{0}', '{4}')");
  EXPECT_EQ(admin.exec("SELECT log.carried_over(0::smallint, 1, 10)").integer(0, 0), 4);
  EXPECT_EQ(admin.exec("SELECT log.carried_over(0::smallint, 2, 10)").integer(0, 0), 10);
  EXPECT_EQ(admin.exec("SELECT starts_after FROM log.plan_epoch() WHERE shard = 0").integer(0, 0), 4);
}

TEST_F(NewEpoch, is_for_the_owner_alone) {
  for (const char* role : {"ordersaga_writer", "ordersaga_relay", "ordersaga_projector", "ordersaga_operator"}) {
    Connection connection(database.target_as(role));
    EXPECT_THROW(connection.exec("SELECT log.begin_epoch(1, 'because')"), runtime::postgres::NotSetUp) << role;
    EXPECT_NO_THROW(connection.exec("SELECT * FROM log.epochs, log.epoch_changes")) << role;
    EXPECT_THROW(connection.exec("INSERT INTO log.epochs VALUES (2, 0, 0, 0)"), runtime::postgres::NotSetUp) << role;
  }
}

}  // namespace
}  // namespace ordersaga::events
