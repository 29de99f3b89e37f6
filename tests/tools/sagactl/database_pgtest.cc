// sagactl on a small database: the history of tests/tools/verify, written through the store and projected by a replay.
#include <gtest/gtest.h>

#include "events/postgres_event_store.h"
#include "projections/all_projections.h"
#include "projections/postgres_read_store.h"
#include "projections/rebuild.h"
#include "tests/support/test_database.h"
#include "tests/tools/sagactl/test_console.h"
#include "tests/tools/verify/history.h"
#include "tools/sagactl/output.h"

namespace ordersaga::sagactl::test {
namespace {

using verify::test::History;

class OnADatabase : public testing::Test {
 protected:
  OnADatabase() {
    events::PostgresEventStore store({.target = database_.target_as("ordersaga_writer")});
    History history = verify::test::good_history();
    for (int s = 0; s < verify::test::kShards; ++s) write(store, history, Shard(static_cast<std::int16_t>(s)));
    project();
  }

  // All of a shard in one turn.
  static void write(events::EventStore& store, const History& history, Shard shard) {
    auto index = static_cast<std::size_t>(shard.value);
    events::TurnWrite turn;
    for (const events::RecordedEvent& r : history.log[index])
      turn.records.push_back({shard, r.stream, r.version, r.type, r.payload, r.metadata});
    for (const verify::InboxRow& row : history.inboxes[index].rows)
      turn.inbox.push_back({{shard, row.key, row.message_id},
                            verify::test::bytes_of(row.hash),
                            static_cast<std::size_t>(row.position.value - 1),
                            "test/0/0"});
    auto transaction = store.begin({&shard, 1});
    for (const verify::SagaWakeup& w : history.snapshots[index].wakeups)
      turn.wakeups.push_back({shard, w.saga, transaction->clock(), w.effect_outstanding});
    if (shard == Shard(0))
      for (const events::StockLevel& level : history.level_table.levels)
        turn.stock.push_back({level.sku, level.location, level.on_hand, level.reserved, true});
    ASSERT_TRUE(std::holds_alternative<events::Written>(transaction->write(turn, transaction->clock())));
    transaction->commit();
  }

  void project() {
    events::PostgresEventStore log({.target = database_.target_as("ordersaga_projector")});
    projections::PostgresReadStore read(database_.target_as("ordersaga_projector"));
    std::vector<Shard> shards;
    for (int s = 0; s < verify::test::kShards; ++s) shards.emplace_back(static_cast<std::int16_t>(s));
    runtime::SystemClock clock;
    projections::replay(log, read, projections::all_projections(), shards, clock, 100);
  }

  Outcome run(const std::vector<std::string>& arguments) {
    return sagactl(arguments, {{"ORDERSAGA_DATABASE", database_.target_as("ordersaga_operator")}});
  }
  Json json(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", "json"});
    Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return Json::parse(outcome.out);
  }
  void sql(const std::string& statement) { runtime::postgres::Connection(database_.target()).exec(statement); }

  testing_support::TestDatabase database_;
};

TEST_F(OnADatabase, OrdersAreListed) {
  Json all = json({"order", "list"});
  EXPECT_EQ(all["items"].size(), 4U);
  Json rejected = json({"order", "list", "--status", "rejected"});
  ASSERT_EQ(rejected["items"].size(), 1U);
  EXPECT_EQ(rejected["items"][0]["order_id"], "b");
  EXPECT_EQ(rejected["items"][0]["total_minor"], 1000);
}

TEST_F(OnADatabase, AnOrderIsFoundByItsIdNumberAndBeginning) {
  EXPECT_EQ(json({"order", "get", "a"})["status"], "COMPLETED");
  EXPECT_EQ(json({"order", "get", "ord-b"})["order_id"], "b");
  Outcome several = run({"order", "get", "ORD-"});
  EXPECT_EQ(several.code, 2);
  EXPECT_NE(several.err.find("the beginning of several"), std::string::npos) << several.err;
  EXPECT_EQ(run({"order", "get", "nobody"}).code, 3);
  EXPECT_EQ(run({"order", "get", ""}).code, 3);
}

TEST_F(OnADatabase, AnOrdersHistoryIsListed) {
  Json history = json({"order", "history", "a"});
  EXPECT_EQ(history["items"].front()["status"], "PENDING");
  EXPECT_EQ(history["items"].back()["status"], "COMPLETED");
}

TEST_F(OnADatabase, AnOrderIsWatchedUntilItsStatus) {
  EXPECT_EQ(run({"order", "watch", "a", "--until", "shipped"}).code, 0);
  EXPECT_EQ(run({"order", "watch", "a"}).code, 0);
  EXPECT_EQ(run({"order", "watch", "b", "--until", "COMPLETED"}).code, 5);
  EXPECT_EQ(run({"order", "watch", "d", "--until", "COMPLETED", "--timeout", "200ms"}).code, 6);
}

TEST_F(OnADatabase, SagasAreListedAndDrawn) {
  EXPECT_EQ(json({"saga", "list", "--status", "live"})["items"].size(), 1U);
  EXPECT_EQ(json({"saga", "list", "--order", "a"})["items"].size(), 2U);
  Json list = json({"saga", "list", "--status", "failed"});
  ASSERT_EQ(list["items"].size(), 1U);
  EXPECT_EQ(list["items"][0]["saga_id"], "place_order-b");
  Outcome timeline = run({"saga", "timeline", "place_order-b"});
  EXPECT_EQ(timeline.code, 0) << timeline.err;
  EXPECT_NE(timeline.out.find("place_order-b · ORD-B"), std::string::npos) << timeline.out;
  EXPECT_EQ(run({"saga", "get", "nobody"}).code, 3);
}

TEST_F(OnADatabase, StockIsListed) {
  Json stock = json({"stock", "list", "SKU"});
  ASSERT_EQ(stock["items"].size(), 1U);
  EXPECT_EQ(stock["items"][0]["on_hand"], 97);
  EXPECT_EQ(stock["items"][0]["reserved"], 1);
  EXPECT_EQ(stock["items"][0]["shipped"], 2);
}

TEST_F(OnADatabase, EventsAreListedAndShown) {
  Json events = json({"events", "list", "--stream", "order-a"});
  EXPECT_EQ(events["items"][0]["name"], "OrderPlaced");
  EXPECT_EQ(json({"events", "list", "--type", "ordersaga.order.v1.OrderComp*"})["items"].size(), 2U);
  EXPECT_GT(json({"events", "list", "--order", "a"})["items"].size(), 10U);
  EXPECT_EQ(json({"events", "get", "order-a/1"})["payload"]["orderId"], "a");
  std::string place = json({"events", "get", "order-a/1"})["place"];
  EXPECT_EQ(json({"events", "get", place})["stream"], "order-a");
  EXPECT_EQ(run({"events", "get", "order-a/999"}).code, 3);
  EXPECT_EQ(run({"events", "get", "order-a"}).code, 2);
  EXPECT_EQ(run({"events", "list", "--stream", "order-nobody"}).code, 3);
}

TEST_F(OnADatabase, VerifyFindsNothing) {
  // Nobody decided this history, so it cannot be decided again.
  for (const char* group : {"log", "money", "stock", "shipments", "sagas", "projections"}) {
    Outcome outcome = run({"verify", group, "--looks", "1"});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  }
  Outcome outcome = run({"verify", "all", "--no-kafka", "--looks", "1", "-o", "csv"});
  EXPECT_EQ(outcome.out.find("\nI16,"), outcome.out.find("\nI")) << outcome.out;
  EXPECT_NE(outcome.err.find("✓ I13"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("– I11"), std::string::npos) << "what was not checked is said: " << outcome.err;
}

TEST_F(OnADatabase, VerifyFindsWhatWasPlanted) {
  struct Planted {
    const char* sql;
    const char* group;
    const char* invariant;
  };
  for (const Planted& p :
       {Planted{"UPDATE log.stock SET on_hand = on_hand + 1", "stock", "I7"},
        Planted{"UPDATE log.wakeups SET due_at = due_at - interval '1 hour'", "sagas", "I9"},
        Planted{"DELETE FROM log.wakeups", "sagas", "I8"}, Planted{"UPDATE log.inbox SET hash = '\\x00' WHERE key = 'a'", "log", "I3"},
        Planted{"DELETE FROM log.inbox WHERE key = 'a'", "log", "I2"},
        Planted{"UPDATE read.order_summary SET captured_minor = captured_minor * 2 WHERE order_id = 'a'", "projections", "I12"},
        Planted{"UPDATE read.order_summary SET notes = 'changed' WHERE order_id = 'b'", "projections", "I13"}}) {
    sql(p.sql);
    Outcome outcome = run({"verify", p.group, "--looks", "1", "-o", "csv"});
    EXPECT_EQ(outcome.code, 8) << p.sql;
    EXPECT_NE(outcome.out.find(std::string("\n") + p.invariant + ","), std::string::npos) << p.sql << "\n" << outcome.out;
  }
}

TEST_F(OnADatabase, VerifyLooksAgainBeforeItReports) {
  sql("UPDATE log.stock SET on_hand = on_hand + 1");
  Outcome outcome = run({"verify", "stock", "--looks", "2", "-v"});
  EXPECT_EQ(outcome.code, 8);
  EXPECT_NE(outcome.err.find("look 1: 1 suspects, looking again"), std::string::npos) << outcome.err;
}

TEST_F(OnADatabase, TheOutboxShowsEveryShardsBacklogAndHalts) {
  const std::int64_t head = json({"outbox", "list"})["items"][0]["head"];
  ASSERT_GT(head, 2);
  sql("INSERT INTO log.relay_cursors (shard, epoch, position, kafka_offset, cluster_id) VALUES (0, 1, 2, 1, 'c')");
  const Json row = json({"outbox", "list"})["items"][0];
  EXPECT_EQ(row["published"], 2);
  EXPECT_EQ(row["backlog"], head - 2);
  EXPECT_GT(row["oldest_age_s"], 0);
  EXPECT_TRUE(row["halted"].is_null());
  const Json status = json({"outbox", "status"});
  EXPECT_EQ(status["published"], 2);
  EXPECT_EQ(status["halted_shards"], 0);
  sql("INSERT INTO log.relay_halts (shard, reason) VALUES (0, 'the topic has what the log has not')");
  EXPECT_EQ(json({"outbox", "list"})["items"][0]["halted"], "the topic has what the log has not");
  EXPECT_EQ(run({"outbox", "status"}).code, 8);
}

TEST_F(OnADatabase, ARepublicationIsAskedForAndNeverSkipsAnything) {
  sql("INSERT INTO log.relay_cursors (shard, epoch, position, kafka_offset, cluster_id) VALUES (0, 1, 2, 1, 'c')");
  EXPECT_EQ(run({"outbox", "republish", "--from", "1", "--yes"}).code, 2) << "which shards?";
  EXPECT_EQ(run({"outbox", "republish", "--from", "1", "--shard", "0", "--all", "--yes"}).code, 2);
  EXPECT_EQ(run({"outbox", "republish", "--from", "1", "--shard", "0"}).code, 2) << "nobody can be asked";
  const Outcome skipping = run({"outbox", "republish", "--from", "4", "--shard", "0", "--yes"});
  EXPECT_NE(skipping.code, 0);
  EXPECT_NE(skipping.err.find("published up to position 2"), std::string::npos) << skipping.err;
  const Outcome asked = run({"outbox", "republish", "--from", "2", "--shard", "0", "--yes"});
  EXPECT_EQ(asked.code, 0) << asked.err;
  EXPECT_EQ(json({"outbox", "list"})["items"][0]["republish_from"], 2);
  const Outcome all = run({"outbox", "republish", "--from", "1", "--all", "--yes"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_EQ(json({"outbox", "status"})["to_republish"], json({"outbox", "status"})["shards"]);
}

TEST_F(OnADatabase, MigrationsAreListed) {
  Json status = json({"db", "status"});
  EXPECT_EQ(status["items"][0]["state"], "applied");
}

TEST(OnAnEmptyDatabase, CommandsSayThatItIsNotMigrated) {
  testing_support::TestDatabase database({.migrated = false});
  Outcome outcome = sagactl({"order", "list"}, {{"ORDERSAGA_DATABASE", database.target()}});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("sagactl db migrate"), std::string::npos) << outcome.err;
  outcome = sagactl({"db", "migrate", "--shards", "2"}, {{"ORDERSAGA_DATABASE", database.target()}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  outcome = sagactl({"db", "migrate", "--shards", "2"}, {{"ORDERSAGA_DATABASE", database.target()}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("nothing to do"), std::string::npos);
  outcome = sagactl({"db", "migrate", "--shards", "3"}, {{"ORDERSAGA_DATABASE", database.target()}});
  EXPECT_EQ(outcome.code, 1) << "the number of shards is for ever";
}

TEST_F(OnADatabase, PartitionsAreListedAndDetachedOnlyWhenNobodyNeedsThem) {
  Json all = json({"db", "partitions", "list"})["items"];
  EXPECT_EQ(all[0]["name"], "events_0_0");
  EXPECT_EQ(all[0]["state"], "attached");
  EXPECT_EQ(all.back()["kind"], "inbox");
  std::map<std::string, std::string> owner = {{"ORDERSAGA_DATABASE", database_.target()}};
  Outcome refused = sagactl({"db", "partitions", "detach", "0", "0", "--yes"}, owner);
  EXPECT_EQ(refused.code, 5) << refused.err;
  EXPECT_NE(refused.err.find("newest that holds records"), std::string::npos) << refused.err;
  EXPECT_EQ(sagactl({"db", "partitions", "attach", "0", "0"}, owner).code, 5);
  EXPECT_EQ(sagactl({"db", "vacuum-inbox", "--days", "20"}, owner).code, 0);
  EXPECT_EQ(sagactl({"db", "vacuum-inbox", "--days", "10"}, owner).code, 2);
  EXPECT_EQ(runtime::postgres::Connection(database_.target()).exec("SELECT inbox_days FROM log.installation").integer(0, 0), 20);
}

TEST_F(OnADatabase, ANewEpochIsShownThenConfirmedAndKeptWithItsReason) {
  std::map<std::string, std::string> owner = {{"ORDERSAGA_DATABASE", database_.target()}, {"ORDERSAGA_BROKERS", "127.0.0.1:1"}};
  std::vector<std::string> begin = {"db", "new-epoch", "--reason", "a backup was restored", "--timeout", "300ms", "-o", "json"};
  EXPECT_EQ(sagactl({"db", "new-epoch"}, owner).code, 2) << "a reason is needed";
  EXPECT_EQ(sagactl(begin, owner).code, 2) << "nobody can be asked here";
  auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), begin.begin(), begin.end());
    return sagactl(more, owner);
  };
  Outcome shown = with({"--dry-run", "--start", "0:1"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  Json plan = Json::parse(shown.out)["items"];
  EXPECT_EQ(plan.size(), static_cast<std::size_t>(verify::test::kShards));
  EXPECT_EQ(plan[0]["starts_after"], 1);
  EXPECT_EQ(plan[1]["starts_after"], 0) << "no relay has published anything";
  EXPECT_GT(plan[1]["read_models_above"], 0);
  EXPECT_TRUE(plan[1]["topic_end"].is_null());
  EXPECT_EQ(with({"--yes", "--start", "0:100000"}).code, 1);
  for (const char* bad : {"0", "x:1", "0:-1", ":1", "1:"}) EXPECT_EQ(with({"--yes", "--start", bad}).code, 2) << bad;
  Outcome begun = with({"--yes", "--start", "0:1"});
  EXPECT_EQ(begun.code, 0) << begun.err;
  EXPECT_NE(begun.err.find("epoch 2 has begun"), std::string::npos) << begun.err;
  EXPECT_EQ(Json::parse(with({"--dry-run"}).out)["items"][0]["starts_after"], 0) << "the relay's cursor is still nowhere";
  runtime::postgres::Connection admin(database_.target());
  EXPECT_EQ(admin.exec("SELECT reason FROM log.epoch_changes").text(0, 0), "a backup was restored");
  EXPECT_EQ(run(begin).code, 2);
}

}  // namespace
}  // namespace ordersaga::sagactl::test
