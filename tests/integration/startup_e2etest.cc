// A daemon that lacks something says so in one line, with what to do, and ends with 1; or waits, when told to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "events/schema.h"
#include "tests/integration/running_system.h"
#include "tests/support/shop.h"

namespace ordersaga::support {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr seconds kPatience{60};

class Startup : public testing::Test {
 protected:
  std::unique_ptr<Process> start(const std::string& database, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--role", "relay", "--database", database, "--brokers", brokers_, "--http-port", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Process>(our_program("ordersagad"), std::move(arguments));
  }
  // The one line in which it says why it ends.
  static std::string complaint(Process& daemon) {
    EXPECT_EQ(daemon.wait_for_end(kPatience), 1) << daemon.output();
    return daemon.wait_for_line("ordersagad: ", seconds(0)).value_or("no complaint");
  }

  const std::string server_ = required_environment("ORDERSAGA_TEST_DATABASE");
  const std::string brokers_ = required_environment("ORDERSAGA_TEST_BROKERS");
};

TEST_F(Startup, SaysThatTheDatabaseIsMissing) {
  const TestDatabase migrated;  // so that the roles exist
  events::migrate(migrated.target(), {.shards = 4});
  const auto daemon = start(runtime::postgres::with_keyword(server_, "dbname", "no_such_database"));
  EXPECT_THAT(complaint(*daemon), testing::AllOf(HasSubstr("no_such_database"), HasSubstr("sagactl db migrate")));
}

TEST_F(Startup, SaysThatTheDatabaseIsDown) {
  const auto daemon = start("host=127.0.0.1 port=" + std::to_string(free_port()));
  EXPECT_THAT(complaint(*daemon), testing::AllOf(HasSubstr("cannot reach Postgres"), HasSubstr("--database")));
}

TEST_F(Startup, SaysThatTheDatabaseIsNotMigrated) {
  const TestDatabase migrated;
  events::migrate(migrated.target(), {.shards = 4});
  const TestDatabase empty;
  const auto daemon = start(empty.target());
  EXPECT_THAT(complaint(*daemon), HasSubstr("sagactl db migrate"));
}

TEST_F(Startup, SaysThatTheBrokersAreDown) {
  const TestDatabase database;
  events::migrate(database.target(), {.shards = 4});
  const auto daemon = start(database.target(), {"--brokers", "127.0.0.1:" + std::to_string(free_port())});
  EXPECT_THAT(complaint(*daemon), testing::AllOf(HasSubstr("cannot reach Kafka"), HasSubstr("--brokers")));
}

TEST_F(Startup, SaysThatTheTopicsHaveTheWrongNumberOfPartitions) {
  const TestDatabase database;
  events::migrate(database.target(), {.shards = 4});
  make_topics_anew(brokers_, 2);
  const auto daemon = start(database.target());
  EXPECT_THAT(complaint(*daemon), testing::AllOf(HasSubstr("has 4 shards"), HasSubstr("has 2 partitions")));
}

TEST_F(Startup, SaysThatTopicsAreMissing) {
  const TestDatabase database;
  events::migrate(database.target(), {.shards = 4});
  drop_topics(brokers_);
  const auto daemon = start(database.target());
  EXPECT_THAT(complaint(*daemon), testing::AllOf(HasSubstr("ordersaga.events.v1"), HasSubstr("sagactl topic create")));
}

TEST_F(Startup, SaysThatThePortIsBusy) {
  const auto first = start("host=127.0.0.1 port=" + std::to_string(free_port()), {"--wait"});
  const std::uint16_t port = port_of(*first);
  const auto second = start(server_, {"--http-port", std::to_string(port)});
  EXPECT_THAT(complaint(*second), testing::AllOf(HasSubstr(std::to_string(port)), HasSubstr("--http-port")));
}

TEST_F(Startup, WaitsForWhatIsMissingWhenToldTo) {
  const TestDatabase database;
  drop_topics(brokers_);
  const auto daemon = start(database.target(), {"--wait"});
  const std::uint16_t port = port_of(*daemon);
  ASSERT_TRUE(daemon->wait_for_line("cannot start yet", kPatience)) << daemon->output();
  EXPECT_EQ(http_get(port, "/health").status, 200);
  EXPECT_EQ(http_get(port, "/ready").status, 503);
  events::migrate(database.target(), {.shards = 4});
  ASSERT_TRUE(daemon->wait_for_line("sagactl topic create", kPatience)) << daemon->output();
  make_topics_anew(brokers_, 4);
  EXPECT_TRUE(eventually(kPatience, [&] { return http_get(port, "/ready").status == 200; })) << daemon->output();
  daemon->terminate();
  EXPECT_EQ(daemon->wait_for_end(seconds(10)), 0) << daemon->output();
}

TEST_F(Startup, EndsWellWhenToldToStopWhileItWaits) {
  const auto daemon = start("host=127.0.0.1 port=" + std::to_string(free_port()), {"--wait"});
  ASSERT_TRUE(daemon->wait_for_line("cannot start yet", kPatience)) << daemon->output();
  daemon->terminate();
  EXPECT_EQ(daemon->wait_for_end(seconds(10)), 0) << daemon->output();
}

TEST_F(Startup, SaysWhatIsWrongWithItsSettings) {
  const auto daemon = start(server_, {"--trun-size", "5"});
  EXPECT_EQ(daemon->wait_for_end(kPatience), 2);
  EXPECT_THAT(daemon->output(), HasSubstr("did you mean --turn-size?"));
}

}  // namespace
}  // namespace ordersaga::support
