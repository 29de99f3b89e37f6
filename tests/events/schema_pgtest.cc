// Migrations: applied once, in order, whole or not at all; and what programs say to a database that is not ready.
#include "events/schema.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "events/errors.h"
#include "events/postgres_event_store.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using namespace runtime::postgres;
using testing_support::TestDatabase;

struct Migrations : ::testing::Test {
  TestDatabase database{{.migrated = false}};
  Connection connection{database.target()};
  std::vector<Migration> files = {{"V1__first.sql", "CREATE TABLE one (x integer)"},
                                  {"V2__second_step.sql", "CREATE TABLE two (x integer)"}};
  int run() { return run_migrations(connection, files, {}); }
};

TEST_F(Migrations, run_once_in_the_order_of_their_numbers) {
  files.push_back({"V10__tenth.sql", "INSERT INTO one VALUES (1)"});
  std::swap(files[0], files[2]);
  std::vector<std::string> seen;
  EXPECT_EQ(run_migrations(connection, files, [&](const MigrationStatus& s) { seen.push_back(s.version + " " + s.description); }), 3);
  EXPECT_EQ(seen, (std::vector<std::string>{"1 first", "2 second step", "10 tenth"}));
  EXPECT_EQ(run(), 0);
  for (const MigrationStatus& s : migration_status(connection, files)) {
    EXPECT_EQ(s.state, MigrationState::applied);
    EXPECT_FALSE(s.installed_on.empty());
  }
}

TEST_F(Migrations, that_fail_leave_nothing_and_are_taken_up_again) {
  files[1].sql = "CREATE TABLE two (x integer); SELECT 1 / 0";
  try {
    run();
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("V2__second_step.sql"), std::string::npos) << e.what();
    EXPECT_EQ(e.sqlstate, "22012");
  }
  EXPECT_TRUE(connection.exec("SELECT to_regclass('two')").is_null(0, 0));
  files[1].sql = "CREATE TABLE two (x integer)";
  EXPECT_EQ(run(), 1);
}

TEST_F(Migrations, that_were_changed_after_they_were_applied_are_refused) {
  run();
  files[0].sql = "CREATE TABLE one (y integer)";
  files.push_back({"V3__third.sql", "CREATE TABLE three ()"});
  EXPECT_THROW(run(), NotSetUp);
  EXPECT_TRUE(connection.exec("SELECT to_regclass('three')").is_null(0, 0));
}

TEST_F(Migrations, cannot_be_put_before_one_that_was_applied) {
  run();
  files.push_back({"V1.5__late.sql", "SELECT 1"});
  EXPECT_THROW(run(), NotSetUp);
}

TEST_F(Migrations, of_a_newer_program_are_listed_as_unknown) {
  run();
  files.pop_back();
  auto status = migration_status(connection, files);
  ASSERT_EQ(status.size(), 2u);
  EXPECT_EQ(status[1].state, MigrationState::unknown);
  EXPECT_EQ(run(), 0);
}

TEST_F(Migrations, of_two_runners_at_once_run_once) {
  std::vector<int> applied(4);
  std::vector<std::thread> runners;
  for (int& count : applied)
    runners.emplace_back([&] {
      try {
        Connection own(database.target());
        count = run_migrations(own, files, {});
      } catch (const std::exception& e) {
        ADD_FAILURE() << e.what();
      }
    });
  for (std::thread& t : runners) t.join();
  int sum = 0;
  for (int count : applied) sum += count;
  EXPECT_EQ(sum, 2);
}

TEST(MigrationNames, are_flyways) {
  EXPECT_EQ(parse_migration("V001__create_all.sql").version, "001");
  EXPECT_EQ(parse_migration("V001__create_all.sql").description, "create all");
  EXPECT_EQ(parse_migration("V1_2__x.sql").version, "1.2");
  for (const char* bad : {"V__x.sql", "1__x.sql", "V1_x.sql", "V1__x.txt", "Vx__y.sql", ""})
    EXPECT_THROW(parse_migration(bad), NotSetUp) << bad;
}

TEST(MigrationChecksums, do_not_depend_on_line_ends) {
  EXPECT_EQ(migration_checksum("a\nb\n"), migration_checksum("a\r\nb"));
  EXPECT_NE(migration_checksum("a\nb"), migration_checksum("a\nc"));
  EXPECT_EQ(migration_checksum("123\n456\n789"), static_cast<std::int32_t>(0xCBF43926));  // CRC-32's check value
}

struct Schema : ::testing::Test {
  // What a program says at its start.
  static std::string complaint(const std::string& target) {
    try {
      PostgresEventStore store({.target = target});
      return "";
    } catch (const StoreMisconfigured& e) {
      return e.what();
    }
  }
};

TEST_F(Schema, is_installed_once_with_its_number_of_shards_for_ever) {
  TestDatabase database({.migrated = false});
  EXPECT_GT(migrate(database.target(), {.shards = 3}), 10);
  EXPECT_EQ(migrate(database.target(), {.shards = 3}), 0);
  EXPECT_THROW(migrate(database.target(), {.shards = 4}), StoreMisconfigured);
  EXPECT_EQ(PostgresEventStore({.target = database.target_as("ordersaga_writer")}).shards(), 3);
  for (const MigrationStatus& s : schema_status(database.target())) EXPECT_EQ(s.state, MigrationState::applied) << s.version;
}

TEST_F(Schema, that_is_absent_is_named_with_its_remedy) {
  TestDatabase database({.migrated = false});
  EXPECT_NE(complaint(database.target()).find("sagactl db migrate"), std::string::npos);
  EXPECT_NE(complaint(with_keyword(database.target(), "dbname", "ordersaga_no_such")).find("does not exist"), std::string::npos);
}

TEST_F(Schema, of_another_age_is_refused) {
  TestDatabase database;
  Connection admin(database.target());
  admin.exec("DELETE FROM ops.schema_history WHERE version = '016'");
  EXPECT_NE(complaint(database.target()).find("V016"), std::string::npos);
}

TEST_F(Schema, whose_numbers_stand_for_other_types_is_refused) {
  TestDatabase database;
  Connection admin(database.target());
  admin.exec("UPDATE log.event_types SET name = 'another.Type' WHERE number = 101");
  EXPECT_NE(complaint(database.target()).find("another.Type"), std::string::npos);
  EXPECT_THROW(migrate(database.target(), {.shards = 4}), StoreMisconfigured);
}

TEST_F(Schema, on_a_server_that_is_down_is_unavailable) {
  EXPECT_THROW(PostgresEventStore({.target = "host=127.0.0.1 port=1 dbname=x user=y"}), StoreUnavailable);
  EXPECT_THROW(PostgresEventStore({.target = "no such keyword"}), StoreMisconfigured);
}

}  // namespace
}  // namespace ordersaga::events
