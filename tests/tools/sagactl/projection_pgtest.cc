// sagactl projection, dlq and --min-position on a small database, with a projector beside it.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <thread>

#include "events/postgres_event_store.h"
#include "ordersaga/order/v1/events.pb.h"
#include "projections/all_projections.h"
#include "projections/postgres_read_store.h"
#include "projections/runner.h"
#include "tests/projections/fake_consumer.h"
#include "tests/projections/history.h"
#include "tests/support/test_database.h"
#include "tests/tools/sagactl/test_console.h"
#include "tools/sagactl/output.h"

namespace ordersaga::sagactl::test {
namespace {

using projections::testing::FakeConsumer;
using projections::testing::FakeTopic;
using projections::testing::History;
using projections::testing::record_completed_order;

class WithAProjector : public testing::Test {
 protected:
  WithAProjector() {
    for (int i = 0; i < 3; ++i) record_completed_order(history_, "o" + std::to_string(i));
    history_.record("order-lost", ordersaga::order::v1::OrderConfirmed());  // it was never placed
    history_.record("order-lost", ordersaga::order::v1::OrderReady());
    publish();
    step_until_idle();
  }

  void publish() {
    for (Shard shard : history_.shards()) {
      events::ShardPosition after{shard, published_[shard]};
      for (const auto& event : history_.store().read_shards({&after, 1}, 10'000)) {
        topic_.publish(projections::testing::message_of(event, 0));
        published_[shard] = event.position;
      }
    }
  }
  void step_until_idle() {
    for (int i = 0; i < 1'000; ++i)
      if (runner_.step() == 0 && runner_.step() == 0) return;
    FAIL() << "the projector never comes to rest";
  }
  // sagactl, while the projector works.
  Outcome run_beside_projector(const std::vector<std::string>& arguments) {
    std::jthread projector([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        runner_.step();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
    return run(arguments);
  }
  // Names no user: each command connects as its role.
  Outcome run(const std::vector<std::string>& arguments) {
    static const std::regex user("user=('[^']*'|\\S+)");
    runtime::SystemClock clock;
    return sagactl(arguments, {{"ORDERSAGA_DATABASE", std::regex_replace(database_.target(), user, "")}}, {}, &clock);
  }
  Json items(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", "json"});
    Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return Json::parse(outcome.out)["items"];
  }
  void sql(const std::string& statement) { runtime::postgres::Connection(database_.target()).exec(statement); }
  std::int64_t number(const std::string& select) { return runtime::postgres::Connection(database_.target()).exec(select).integer(0, 0); }

  testing_support::TestDatabase database_{{.shards = 2}};
  History history_{
      std::make_unique<events::PostgresEventStore>(events::PostgresStoreOptions{.target = database_.target_as("ordersaga_writer")})};
  events::PostgresEventStore log_{events::PostgresStoreOptions{.target = database_.target_as("ordersaga_projector")}};
  projections::PostgresReadStore store_{database_.target_as("ordersaga_projector")};
  runtime::SystemClock clock_;
  FakeTopic topic_;
  std::map<Shard, Position> published_;
  FakeConsumer consumer_{topic_, {0, 1}};
  projections::Runner runner_{consumer_,
                              log_,
                              store_,
                              clock_,
                              projections::all_projections(),
                              {.max_batch = 50, .poll_timeout = {}, .lag_every = std::chrono::milliseconds(10)}};
};

TEST_F(WithAProjector, ProjectionsAreListedPausedAndResumed) {
  Json all = items({"projection", "list"});
  ASSERT_EQ(all.size(), 3U);
  for (const Json& p : all) {
    EXPECT_EQ(p["state"], "RUNNING");
    EXPECT_EQ(p["behind"], 0);
  }
  EXPECT_EQ(items({"projection", "get", "order_summary"}).size(), 2U);
  EXPECT_EQ(run({"projection", "get", "nothing"}).code, 3);
  EXPECT_EQ(run({"projection", "pause", "order_summary"}).code, 2) << "without a reason";
  EXPECT_EQ(run({"projection", "pause", "order_summary", "--reason", "a test"}).code, 0);
  EXPECT_EQ(run({"projection", "pause", "order_summary", "--reason", "again"}).code, 5);
  EXPECT_EQ(items({"projection", "list"})[0]["state"], "PAUSED");
  EXPECT_EQ(items({"projection", "list"})[0]["pause_reason"], "a test");
  EXPECT_EQ(run({"projection", "resume", "order_summary"}).code, 0);
  EXPECT_EQ(run({"projection", "resume", "order_summary"}).code, 5);
}

TEST_F(WithAProjector, VerifyNamesTheRowThatIsWrong) {
  EXPECT_EQ(run({"projection", "verify"}).code, 0);
  sql("UPDATE read.order_summary SET status = 'WRONG' WHERE order_id = 'o1'");
  Outcome outcome = run({"projection", "verify"});
  EXPECT_EQ(outcome.code, 8);
  EXPECT_NE(outcome.out.find("status is WRONG, the log says COMPLETED"), std::string::npos) << outcome.out;
}

TEST_F(WithAProjector, ARebuildShowsWhatWillChangeAndAsks) {
  sql("UPDATE read.order_summary SET status = 'WRONG' WHERE order_id = 'o1'");
  Outcome looked = run({"projection", "rebuild", "order_summary", "--dry-run"});
  EXPECT_EQ(looked.code, 8) << looked.err;
  EXPECT_NE(looked.err.find("3 rows compared: 2 equal, 1 different"), std::string::npos) << looked.err;
  EXPECT_NE(looked.err.find("order_summary o1: status is WRONG, the log says COMPLETED"), std::string::npos) << looked.err;
  EXPECT_EQ(items({"projection", "list"}).size(), 3U) << "the shadow is none";
  EXPECT_EQ(items({"projection", "list"})[0]["rebuilt"], items({"projection", "list"})[0]["applied"]);
  EXPECT_EQ(items({"dlq", "list", "--projection", "order_summary"}).size(), 2U) << "nor is what it has parked";

  Outcome unasked = run({"projection", "rebuild", "order_summary"});
  EXPECT_EQ(unasked.code, 2) << unasked.err;
  EXPECT_NE(unasked.err.find("--yes"), std::string::npos) << unasked.err;
  EXPECT_EQ(number("SELECT count(*) FROM read.order_summary WHERE status = 'WRONG'"), 1);

  Outcome done = run({"projection", "rebuild", "order_summary", "--yes", "-o", "json"});
  EXPECT_EQ(done.code, 0) << done.err;
  Json said = Json::parse(done.out);
  EXPECT_EQ(said["swapped"], true);
  EXPECT_EQ(said["resumed"], true);
  EXPECT_EQ(said["different"], 1);
  EXPECT_EQ(run({"projection", "verify"}).code, 0);
  record_completed_order(history_, "later");
  publish();
  step_until_idle();
  EXPECT_EQ(run({"projection", "verify"}).code, 0);
}

TEST_F(WithAProjector, ARebuildWithoutDifferencesAsksNobody) {
  Outcome done = run({"projection", "rebuild", "saga_status"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(run({"projection", "rebuild", "nothing"}).code, 3);
}

TEST_F(WithAProjector, ParkedRecordsAreGroupedRetriedAndDiscarded) {
  Json groups = items({"dlq", "groups"});
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0]["code"], "BROKEN_HISTORY");
  EXPECT_EQ(groups[0]["records"], 1);
  EXPECT_EQ(groups[0]["behind"], 1);
  EXPECT_EQ(items({"dlq", "list"}).size(), 2U);
  EXPECT_EQ(items({"dlq", "get", "lost"}).size(), 2U);
  EXPECT_EQ(run({"dlq", "get", "nobody"}).code, 3);
  const std::string group = groups[0]["group"];

  EXPECT_EQ(run({"dlq", "retry"}).code, 2);
  EXPECT_EQ(run({"dlq", "retry", "nothing"}).code, 3);
  Outcome dry = run({"dlq", "retry", group, "--dry-run"});
  EXPECT_EQ(dry.code, 0);
  EXPECT_NE(dry.err.find("would apply 2 records of 1 keys"), std::string::npos) << dry.err;
  EXPECT_EQ(run({"dlq", "retry", group, "--timeout", "300ms"}).code, 6) << "no projector is there to do it";
  Outcome retried = run_beside_projector({"dlq", "retry", group});
  EXPECT_EQ(retried.code, 5) << retried.err;
  EXPECT_NE(retried.out.find("BROKEN_HISTORY"), std::string::npos) << retried.out;

  EXPECT_EQ(run({"dlq", "discard", "lost"}).code, 2) << "without a reason";
  EXPECT_EQ(run({"dlq", "discard", "lost", "--reason", "a test"}).code, 2) << "nobody can be asked";
  Outcome discarded = run_beside_projector({"dlq", "discard", "lost", "--reason", "a test", "--whole-key", "--yes"});
  EXPECT_EQ(discarded.code, 0) << discarded.err;
  EXPECT_EQ(items({"dlq", "list"}).size(), 0U);
  EXPECT_EQ(number("SELECT count(*) FROM read.projection_requests_done WHERE action = 'DISCARD_ALL' AND discarded = 2"), 1);
}

TEST_F(WithAProjector, AReadWaitsForAPosition) {
  const Shard shard = history_.shard_of_key("o1");
  const std::int64_t head = number("SELECT max(position) FROM log.events WHERE shard = " + std::to_string(shard.value));
  auto at = [&](std::int64_t position) { return std::to_string(shard.value) + ":" + std::to_string(position); };
  EXPECT_EQ(run({"order", "get", "o1", "--min-position", at(head)}).code, 0);
  EXPECT_EQ(run({"order", "get", "o1", "--min-position", at(head + 24), "--timeout", "200ms"}).code, 6);
  for (const char* wrong : {"5", "x:5", "0:x", "0:-1", "99:1"})
    EXPECT_EQ(run({"order", "get", "o1", "--min-position", wrong}).code, 2) << wrong;
  // The order's own shard, by its own last record.
  record_completed_order(history_, "o9");
  const Shard its = history_.shard_of_key("o9");
  const std::string last = std::to_string(its.value) + ":" +
                           std::to_string(number("SELECT max(position) FROM log.events WHERE shard = " + std::to_string(its.value)));
  publish();
  Outcome read = run_beside_projector({"order", "get", "o9", "--min-position", last, "-o", "json"});
  EXPECT_EQ(read.code, 0) << read.err;
  EXPECT_EQ(Json::parse(read.out)["status"], "COMPLETED");
  // The same of its sagas.
  record_completed_order(history_, "o10");
  const Shard next = history_.shard_of_key("o10");
  const std::string end = std::to_string(next.value) + ":" +
                          std::to_string(number("SELECT max(position) FROM log.events WHERE shard = " + std::to_string(next.value)));
  EXPECT_EQ(run({"saga", "list", "--min-position", end, "--timeout", "200ms"}).code, 6);
  EXPECT_EQ(run({"saga", "list", "--min-position", "x:5"}).code, 2);
  publish();
  Outcome sagas = run_beside_projector({"saga", "list", "--order", "o10", "--min-position", end, "-o", "json"});
  EXPECT_EQ(sagas.code, 0) << sagas.err;
  std::set<std::string> seen;
  const Json listed = Json::parse(sagas.out);
  for (const Json& saga : listed["items"]) seen.insert(saga["type"]);
  EXPECT_EQ(seen, (std::set<std::string>{"fulfil_order", "place_order"}));
  for (const char* verb : {"get", "timeline"}) {
    EXPECT_EQ(run({"saga", verb, "o10", "--min-position", end}).code, 0) << verb;
    EXPECT_EQ(run({"saga", verb, "o10", "--min-position", std::to_string(next.value) + ":9999", "--timeout", "100ms"}).code, 6) << verb;
  }
  // What a later epoch undid is not reached.
  sql("INSERT INTO log.epochs VALUES (2, " + std::to_string(its.value) + ", 1, 1)");
  EXPECT_EQ(run({"order", "get", "o9", "--min-position", last, "--timeout", "200ms"}).code, 6);
}

}  // namespace
}  // namespace ordersaga::sagactl::test
