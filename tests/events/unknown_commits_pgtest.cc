// Commits whose answer never comes, or comes with a warning: the same command again, under the lock, has one outcome.
//
// On a server whose commits wait for a standby that does not exist, as long as synchronous_commit is on.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "events/postgres_event_store.h"
#include "events/schema.h"
#include "tests/events/writer_process.h"
#include "tests/support/frontend_proxy.h"
#include "tests/support/private_postgres.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using std::chrono::milliseconds;
using testing_support::Fault;
using testing_support::FrontendProxy;
using testing_support::PrivatePostgres;

constexpr const char* kNoWait = "-c synchronous_commit=local -c lock_timeout=1s";
constexpr const char* kWait = "-c synchronous_commit=on -c lock_timeout=20s";

bool is_commit(char type, std::string_view body) {
  return type == 'Q' && body.starts_with("COMMIT");
}

struct UnknownCommits : ::testing::Test {
  static void SetUpTestSuite() {
    server = std::make_unique<PrivatePostgres>(std::map<std::string, std::string>{{"synchronous_standby_names", "nobody"}});
    migrate(server->target_as("postgres", "-c synchronous_commit=local"), {.shards = 2, .leaf_size = 1000});
  }
  static void TearDownTestSuite() { server.reset(); }
  static inline std::unique_ptr<PrivatePostgres> server;

  std::string waits = server->target_as("ordersaga_writer", kWait);
  std::string local = server->target_as("ordersaga_writer", kNoWait);
  std::unique_ptr<Connection> admin = connect();

  static std::unique_ptr<Connection> connect() {
    return std::make_unique<Connection>(server->target_as("postgres", "-c synchronous_commit=local"));
  }
  void SetUp() override { admin->exec("TRUNCATE log.events, log.inbox"); }

  std::string command_again() {
    PostgresEventStore store({.target = local});
    return decide_the_command(store);
  }
  void expect_decided_once() {
    EXPECT_EQ(admin->exec("SELECT count(*) FROM log.events").integer(0, 0), 1);
    EXPECT_EQ(admin->exec("SELECT count(*) FROM log.inbox").integer(0, 0), 1);
  }
  // Waits until a writer's COMMIT waits for the standby.
  void wait_for_commit() {
    ASSERT_TRUE(support::eventually(std::chrono::seconds(20), [&] {
      return !admin->exec("SELECT FROM pg_stat_activity WHERE usename = 'ordersaga_writer' AND wait_event = 'SyncRep'").empty();
    }));
  }
  void to_the_waiting_commit(const std::string& function) {
    admin->exec("SELECT " + function + "(pid) FROM pg_stat_activity WHERE usename = 'ordersaga_writer' AND wait_event = 'SyncRep'");
  }
  WriterProcess committing_writer() {
    return WriterProcess([target = waits](const auto& ends) {
      PostgresEventStore store({.target = target});
      ends.say(decide_the_command(store));
      ends.say(decide_the_command(store));
    });
  }
};

TEST_F(UnknownCommits, an_answer_that_is_cut_off_leaves_the_commit_in_doubt_and_the_command_known) {
  std::atomic<int> commits = 0;
  FrontendProxy proxy(local, [&](char type, std::string_view body) {
    return is_commit(type, body) && ++commits == 1 ? Fault::forward_drop_reply : Fault::none;
  });
  PostgresEventStore store({.target = proxy.through(local)});
  EXPECT_EQ(decide_the_command(store), "in doubt");
  EXPECT_EQ(decide_the_command(store), "known");
  expect_decided_once();
}

TEST_F(UnknownCommits, a_commit_that_never_arrived_is_just_as_much_in_doubt_and_the_command_is_decided_again) {
  std::atomic<int> commits = 0;
  FrontendProxy proxy(
      local, [&](char type, std::string_view body) { return is_commit(type, body) && ++commits == 1 ? Fault::cut_before : Fault::none; });
  PostgresEventStore store({.target = proxy.through(local)});
  EXPECT_EQ(decide_the_command(store), "in doubt");
  EXPECT_EQ(decide_the_command(store), "applied");
  expect_decided_once();
}

// The trap: the answer is lost while the commit is still under way. A look without the lock finds nothing, and decides again.
TEST_F(UnknownCommits, a_commit_under_way_is_waited_for_at_the_lock_and_cannot_be_told_without_it) {
  auto through = std::make_unique<FrontendProxy>(waits, [](char, std::string_view) { return Fault::none; });
  WriterProcess writer([target = through->through(waits)](const auto& ends) {
    PostgresEventStore store({.target = target});
    ends.say(decide_the_command(store));
  });
  wait_for_commit();
  through.reset();  // the connection is cut in the middle of COMMIT
  EXPECT_EQ(writer.hear(), "in doubt");
  EXPECT_EQ(admin->exec("SELECT count(*) FROM log.inbox").integer(0, 0), 0) << "invisible, and yet it will be there";
  EXPECT_EQ(command_again(), "busy") << "under the lock nobody is misled";
  to_the_waiting_commit("pg_terminate_backend");
  EXPECT_TRUE(support::eventually(std::chrono::seconds(20), [&] { return command_again() == "known"; }));
  expect_decided_once();
}

TEST_F(UnknownCommits, a_session_ended_while_its_commit_waits_for_a_standby_sees_an_error_and_has_committed) {
  WriterProcess writer = committing_writer();
  wait_for_commit();
  to_the_waiting_commit("pg_terminate_backend");
  EXPECT_EQ(writer.hear(), "in doubt");
  EXPECT_EQ(writer.hear(), "known");
  expect_decided_once();
}

TEST_F(UnknownCommits, a_commit_cancelled_while_it_waits_for_a_standby_succeeds_with_a_warning_and_is_in_doubt) {
  WriterProcess writer = committing_writer();
  wait_for_commit();
  to_the_waiting_commit("pg_cancel_backend");
  EXPECT_EQ(writer.hear(), "in doubt");
  EXPECT_EQ(writer.hear(), "known");
  expect_decided_once();
}

TEST_F(UnknownCommits, a_writer_stopped_in_its_commit_is_ended_by_the_next_writer_and_finds_its_command_done) {
  WriterProcess writer = committing_writer();
  wait_for_commit();
  writer.stop();
  PostgresEventStore patient({.target = local, .holder_limit = std::chrono::hours(1)});
  EXPECT_THROW(patient.begin(std::vector{Shard(0)}), ShardBusy);
  PostgresEventStore impatient({.target = local, .holder_limit = milliseconds(1)});
  try {
    impatient.begin(std::vector{Shard(0)});
    FAIL() << "the shard was free";
  } catch (const ShardBusy& e) {
    EXPECT_EQ(e.terminated, 1) << e.what();
    EXPECT_NE(std::string(e.what()).find("SyncRep"), std::string::npos) << "what the commit waited for is named: " << e.what();
  }
  EXPECT_EQ(command_again(), "known");
  writer.wake();
  EXPECT_EQ(writer.hear(), "in doubt");
  EXPECT_EQ(writer.hear(), "known");
  expect_decided_once();
}

TEST_F(UnknownCommits, a_server_that_crashes_in_the_middle_of_commits_leaves_each_command_decided_once) {
  for (int round = 0; round < 3; ++round) {
    SetUp();
    WriterProcess writer = committing_writer();
    wait_for_commit();
    server->stop_immediately();
    EXPECT_EQ(writer.hear(), "in doubt");
    server->start();
    admin = connect();
    EXPECT_EQ(command_again(), "known") << "the commit was on disk before it waited";
    expect_decided_once();
  }
}

}  // namespace
}  // namespace ordersaga::events
