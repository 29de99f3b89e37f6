// Each role can do what its daemon does, and no more.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "events/errors.h"
#include "events/postgres_event_store.h"
#include "events/schema.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using runtime::postgres::Error;
using testing_support::TestDatabase;

class Roles : public ::testing::Test {
 protected:
  TestDatabase database;
  void SetUp() override {
    Connection(database.target())
        .exec(
            "INSERT INTO log.events (shard, position, type, payload, metadata, recorded_at) VALUES (0, 1, 601, '', '', now()); "
            "INSERT INTO log.stock (sku, location, on_hand, reserved) VALUES ('A', 'ams', 1, 0)");
  }
  // SQLSTATE, empty when it worked.
  std::string outcome(const std::string& role, const std::string& sql) {
    Connection connection(database.target_as(role));
    try {
      connection.exec(sql);
      return "";
    } catch (const Error& e) {
      return e.sqlstate;
    }
  }
};

TEST_F(Roles, the_writer_appends_to_the_log_and_cannot_change_it) {
  for (const char* table : {"log.events", "log.events_0", "log.events_0_0", "log.inbox"}) {
    for (const char* form : {"UPDATE %s SET recorded_at = now()", "DELETE FROM %s", "TRUNCATE %s", "DROP TABLE %s",
                             "ALTER TABLE %s DISABLE TRIGGER ALL", "ALTER TABLE %s ADD COLUMN x integer"}) {
      std::string sql = form;
      sql.replace(sql.find("%s"), 2, table);
      EXPECT_EQ(outcome("ordersaga_writer", sql), "42501") << sql;
    }
  }
  EXPECT_EQ(outcome("ordersaga_writer",
                    "INSERT INTO log.events (shard, position, type, payload, metadata, recorded_at) "
                    "VALUES (0, 2, 601, '', '', now())"),
            "");
}

TEST_F(Roles, the_writer_cannot_get_around_its_rights) {
  for (const char* sql : {"SET session_replication_role = 'replica'", "COPY log.event_types TO PROGRAM 'true'", "SET ROLE ordersaga_owner",
                          "CREATE TABLE log.mine (x integer)", "CREATE SCHEMA mine", "UPDATE log.installation SET epoch = 2",
                          "UPDATE log.installation SET shards = 8", "INSERT INTO log.event_types VALUES (1, 'x')",
                          "SELECT log.create_shards(8)", "SELECT log.create_leaf(0::smallint)", "SELECT log.drop_inbox(now())",
                          "DELETE FROM log.stock", "DELETE FROM ops.schema_history", "UPDATE log.relay_cursors SET position = 0"})
    EXPECT_EQ(outcome("ordersaga_writer", sql), "42501") << sql;
}

TEST_F(Roles, the_relay_reads_the_log_and_keeps_its_cursors) {
  EXPECT_EQ(outcome("ordersaga_relay", "SELECT * FROM log.events"), "");
  EXPECT_EQ(outcome("ordersaga_relay",
                    "INSERT INTO log.relay_cursors (shard, epoch, position, kafka_offset, cluster_id) VALUES (0, 1, 1, 0, 'c') "
                    "ON CONFLICT (shard) DO UPDATE SET position = excluded.position"),
            "");
  for (const char* sql :
       {"INSERT INTO log.events (shard, position, type, payload, metadata, recorded_at) VALUES (0, 2, 601, '', '', now())",
        "DELETE FROM log.relay_cursors", "UPDATE log.stock SET on_hand = 0", "SELECT * FROM log.inbox", "SELECT log.maintain()"})
    EXPECT_EQ(outcome("ordersaga_relay", sql), "42501") << sql;
}

TEST_F(Roles, the_projector_reads_the_log_and_writes_none_of_it) {
  EXPECT_EQ(outcome("ordersaga_projector", "SELECT * FROM log.events"), "");
  for (const char* sql : {"DELETE FROM log.events", "UPDATE log.stock SET on_hand = 0", "SELECT * FROM log.inbox",
                          "INSERT INTO log.relay_cursors VALUES (0, 1, 1, 1, 'c')"})
    EXPECT_EQ(outcome("ordersaga_projector", sql), "42501") << sql;
}

TEST_F(Roles, the_operator_reads_all_and_writes_only_through_the_submit_function) {
  for (const char* table : {"events", "inbox", "wakeups", "stock", "installation", "event_types", "relay_cursors", "operator_inbox"}) {
    EXPECT_EQ(outcome("ordersaga_operator", std::string("SELECT * FROM log.") + table), "") << table;
    EXPECT_EQ(outcome("ordersaga_operator", std::string("DELETE FROM log.") + table), "42501") << table;
  }
  EXPECT_EQ(outcome("ordersaga_operator",
                    "INSERT INTO log.operator_inbox (shard, key, message_id, type, content_type, actor, data) "
                    "VALUES (0, 'k', 'm', 't', 'c', 'somebody else', '')"),
            "42501");
  Connection operator_(database.target_as("ordersaga_operator"));
  auto submit = [&](const std::string& arguments) {
    return operator_.exec("SELECT log.submit_operator_command(" + arguments + ")").integer(0, 0);
  };
  std::int64_t id = submit("1, 'o1', 'm1', 'ordersaga.order.v1.RejectOrder', 'application/protobuf', '\\x01'");
  EXPECT_EQ(submit("1, 'o1', 'm1', 'ordersaga.order.v1.RejectOrder', 'application/protobuf', '\\x01'"), id) << "once";
  EXPECT_EQ(operator_.exec("SELECT actor FROM log.operator_inbox").text(0, 0), "ordersaga_operator");
  for (const char* bad :
       {"1, 'o1', 'm1', 't', 'c', '\\x02'", "4, 'o1', 'm2', 't', 'c', ''", "-1, 'o1', 'm2', 't', 'c', ''", "1, 'o 1', 'm2', 't', 'c', ''",
        "1, 'o1', '', 't', 'c', ''", "1, 'o1', 'm2', 't', 'c', repeat('x', 262145)::bytea"})
    EXPECT_THROW(submit(bad), runtime::postgres::DataRefused) << bad;
  for (const char* role : {"ordersaga_writer", "ordersaga_relay", "ordersaga_projector"})
    EXPECT_EQ(outcome(role, "SELECT log.submit_operator_command(1, 'o1', 'm9', 't', 'c', '')"), "42501") << role;
}

TEST_F(Roles, limits_come_with_the_login) {
  Connection writer(database.target_as("ordersaga_writer"));
  for (const auto& [name, value] : {std::pair{"lock_timeout", "5s"},
                                    {"idle_in_transaction_session_timeout", "10s"},
                                    {"statement_timeout", "30s"},
                                    {"synchronous_commit", "on"},
                                    {"transaction_isolation", "read committed"},
                                    {"plan_cache_mode", "force_generic_plan"}})
    EXPECT_EQ(writer.exec(std::string("SHOW ") + name).text(0, 0), value) << name;
}

TEST_F(Roles, several_databases_of_a_cluster_can_be_migrated_at_once) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      try {
        TestDatabase another({.migrated = false});
        migrate(another.target(), {.shards = 2});
        EXPECT_EQ(Connection(another.target_as("ordersaga_writer")).exec("SELECT shards FROM log.installation").integer(0, 0), 2);
      } catch (const std::exception& e) {
        ADD_FAILURE() << e.what();
      }
    });
  for (std::thread& t : threads) t.join();
}

}  // namespace
}  // namespace ordersaga::events
