// runtime/postgres: values there and back, and failures by kind.
#include "runtime/postgres/connection.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/postgres/binary_session.h"
#include "tests/support/private_postgres.h"
#include "tests/support/test_database.h"

namespace ordersaga::runtime::postgres {
namespace {

using testing_support::TestDatabase;

struct ConnectionTest : ::testing::Test {
  TestDatabase database{{.migrated = false}};
  Connection connection{database.target()};
};

TEST_F(ConnectionTest, values_come_back_as_they_went) {
  using namespace std::chrono;
  constexpr Statement kEcho = {"echo",
                               "SELECT $1::smallint, $2::integer, $3::bigint, $4::text, $5::bytea, $6::timestamptz, $3::bigint IS NULL"};
  Time time = sys_days(year(1969) / 12 / 31) + hours(23) + microseconds(1);
  std::string bytes("\0\xff\\x'", 5);
  Rows rows = connection.exec(kEcho, Parameters()
                                         .add(std::int16_t{-3})
                                         .add(std::int32_t{-70000})
                                         .add(std::int64_t{-5'000'000'000})
                                         .add(std::string_view("a'\\\"{},ü"))
                                         .add(std::string_view(bytes))
                                         .add(time));
  EXPECT_EQ(rows.integer(0, 0), -3);
  EXPECT_EQ(rows.integer(0, 1), -70000);
  EXPECT_EQ(rows.integer(0, 2), -5'000'000'000);
  EXPECT_EQ(rows.text(0, 3), "a'\\\"{},ü");
  EXPECT_EQ(rows.bytes(0, 4), bytes);
  EXPECT_EQ(rows.time(0, 5), time);
  EXPECT_FALSE(rows.boolean(0, 6));
}

TEST_F(ConnectionTest, arrays_of_every_type_arrive_whole_with_their_nulls) {
  using namespace std::chrono;
  constexpr Statement kUnnest = {
      "arrays",
      "SELECT * FROM unnest($1::smallint[], $2::integer[], $3::bigint[], $4::text[], $5::bytea[], $6::timestamptz[], $7::boolean[])"};
  Array small = Array::of_smallint(), whole = Array::of_integer(), big = Array::of_bigint(), text = Array::of_text(),
        bytes = Array::of_bytea(), time = Array::of_timestamptz(), flag = Array::of_boolean();
  for (int i = 0; i < 1000; ++i) {
    small.add(static_cast<std::int16_t>(-i));
    whole.add(-i);
    big.add(std::int64_t{i} << 33);
    if (i % 2 == 0)
      text.add("t" + std::to_string(i));
    else
      text.null();
    bytes.add(std::string(static_cast<std::size_t>(i), static_cast<char>(i)));
    time.add(Time(seconds(i)) + microseconds(5));
    flag.add(i % 3 == 0);
  }
  Parameters parameters;
  parameters.add(std::move(small)).add(std::move(whole)).add(std::move(big)).add(std::move(text));
  parameters.add(std::move(bytes)).add(std::move(time)).add(std::move(flag));
  Rows rows = connection.exec(kUnnest, parameters);
  ASSERT_EQ(rows.size(), 1000u);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    auto i = static_cast<std::int64_t>(r);
    ASSERT_EQ(rows.integer(r, 0), -i);
    ASSERT_EQ(rows.integer(r, 1), -i);
    ASSERT_EQ(rows.integer(r, 2), i << 33);
    ASSERT_EQ(rows.is_null(r, 3), i % 2 != 0);
    if (i % 2 == 0) {
      ASSERT_EQ(rows.text(r, 3), "t" + std::to_string(i));
    }
    ASSERT_EQ(rows.bytes(r, 4), std::string(r, static_cast<char>(i)));
    ASSERT_EQ(rows.time(r, 5), Time(seconds(i)) + microseconds(5));
    ASSERT_EQ(rows.boolean(r, 6), i % 3 == 0);
  }
  constexpr Statement kCount = {"count", "SELECT cardinality($1::text[])"};
  EXPECT_EQ(connection.exec(kCount, Parameters().add(Array::of_text())).integer(0, 0), 0);
}

TEST_F(ConnectionTest, times_are_read_whatever_the_database_is_set_to) {
  Connection(database.target()).exec("ALTER DATABASE " + database.name() + " SET TimeZone = 'Asia/Kolkata'");
  Connection(database.target()).exec("ALTER DATABASE " + database.name() + " SET DateStyle = 'SQL, DMY'");
  Connection odd(database.target());
  using namespace std::chrono;
  EXPECT_EQ(odd.exec("SELECT '2026-11-21 10:07:00.12+00'::timestamptz").time(0, 0),
            Time(sys_days(year(2026) / 11 / 21)) + hours(10) + minutes(7) + milliseconds(120));
}

TEST_F(ConnectionTest, a_value_of_another_type_is_an_error_and_not_a_guess) {
  Rows rows = connection.exec("SELECT 'x', NULL, 'f', '12x', '99999999999999999999', '\\x0'::text");
  EXPECT_THROW(rows.integer(0, 0), Error);
  EXPECT_THROW(rows.text(0, 1), Error);
  EXPECT_THROW(rows.integer(0, 3), Error);
  EXPECT_THROW(rows.integer(0, 4), Error);
  EXPECT_THROW(rows.bytes(0, 5), Error);
  EXPECT_THROW(rows.time(0, 0), Error);
  EXPECT_THROW(rows.boolean(0, 0), Error);
}

TEST_F(ConnectionTest, failures_have_their_kind) {
  EXPECT_THROW(connection.exec("SELECT 1 / 0"), DataRefused);
  EXPECT_THROW(connection.exec("SELECT * FROM nothing"), NotSetUp);
  EXPECT_THROW(connection.exec("SELEC"), Error);
  EXPECT_THROW(connection.exec("SET statement_timeout = '20ms'; SELECT pg_sleep(5)"), TryAgain);
  EXPECT_THROW(connection.exec("SELECT repeat('x', 1 << 30)"), DataRefused);
  EXPECT_TRUE(connection.is_open());
  Connection holder(database.target());
  holder.exec("CREATE TABLE t (x integer)");
  holder.exec("BEGIN; LOCK TABLE t");
  EXPECT_THROW(connection.exec("SET statement_timeout = 0; SET lock_timeout = '20ms'; LOCK TABLE t"), Error);  // no transaction
  EXPECT_THROW(connection.exec("BEGIN; SET lock_timeout = '20ms'; LOCK TABLE t"), LockTimeout);
  connection.rollback();
  EXPECT_EQ(connection.exec("SELECT 1").integer(0, 0), 1);
}

TEST_F(ConnectionTest, a_deadlock_and_a_serialization_failure_can_be_tried_again) {
  Connection other(database.target());
  connection.exec("CREATE TABLE d AS SELECT 1 AS x, 0 AS n");
  connection.exec("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM d");
  other.exec("UPDATE d SET n = 1");
  EXPECT_THROW(connection.exec("UPDATE d SET n = 2"), TryAgain);
  connection.rollback();
  EXPECT_THROW(connection.exec("DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END$$"), TryAgain);
  EXPECT_THROW(connection.exec("DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END$$"), TryAgain);
  EXPECT_THROW(connection.exec("DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '54000'; END$$"), DataRefused);
  EXPECT_THROW(connection.exec("SET ROLE pg_monitor; CREATE SCHEMA no"), NotSetUp);
}

TEST_F(ConnectionTest, a_lost_connection_stays_lost) {
  EXPECT_THROW(connection.exec("SELECT pg_terminate_backend(pg_backend_pid())"), ConnectionLost);
  EXPECT_FALSE(connection.is_open());
  EXPECT_THROW(connection.exec("SELECT 1"), ConnectionLost) << "nothing may happen in another session than the caller thinks";
}

TEST_F(ConnectionTest, a_session_that_idles_in_its_transaction_is_lost) {
  connection.exec("SET idle_in_transaction_session_timeout = '20ms'; BEGIN");
  Connection(database.target()).exec("SELECT pg_sleep(0.2)");
  EXPECT_THROW(connection.exec("SELECT 1"), ConnectionLost);
}

// A server that ends at once says a word of warning before it hangs up. libpq then gives the failed writing as an error of the
// statement, and goes on to count the connection as open.
TEST(Crash, of_the_server_is_a_lost_connection_and_not_an_error_of_the_statement) {
  testing_support::PrivatePostgres server;
  Connection by_text(server.target());
  Connection prepared(server.target());
  constexpr Statement kOne{"one", "SELECT 1"};
  prepared.exec(kOne, {});
  BinarySession binary(server.target());
  binary.send(kOne, {});
  binary.receive();
  server.stop_immediately();
  EXPECT_THROW(by_text.exec("SELECT 1"), ConnectionLost);
  EXPECT_FALSE(by_text.is_open());
  EXPECT_THROW(prepared.exec(kOne, {}), ConnectionLost);
  EXPECT_FALSE(prepared.is_open());
  EXPECT_THROW((binary.send(kOne, {}), binary.receive()), ConnectionLost);
  EXPECT_FALSE(binary.is_open());
}

TEST_F(ConnectionTest, a_commit_that_is_refused_is_no_doubtful_one) {
  connection.exec("CREATE TABLE u (x integer UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  connection.exec("BEGIN; INSERT INTO u VALUES (1), (1)");
  EXPECT_THROW(connection.commit(), DataRefused);
  EXPECT_EQ(connection.exec("SELECT count(*) FROM u").integer(0, 0), 0);
}

TEST(Targets, are_read_in_both_forms_and_changed_by_keyword) {
  EXPECT_EQ(with_keyword("host=h dbname=a", "dbname", "b'c"), "host='h' dbname='b\\'c'");
  EXPECT_NE(with_keyword("postgresql://me:secret@h:99/a", "dbname", "b").find("password='secret'"), std::string::npos);
  EXPECT_EQ(describe("postgresql://me:secret@h:99/a").find("secret"), std::string::npos);
  EXPECT_THROW(with_keyword("nonsense", "dbname", "b"), NotSetUp);
}

}  // namespace
}  // namespace ordersaga::runtime::postgres
