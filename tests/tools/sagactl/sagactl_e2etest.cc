// sagactl on the whole system: commands over Kafka, and verify on what only a running system has (topics, the ledger).
#include <gtest/gtest.h>

#include <future>

#include "runtime/http/client.h"
#include "runtime/kafka/kafka_partition_reader.h"
#include "runtime/kafka/kafka_producer.h"
#include "schemas/headers.h"
#include "schemas/ids.h"
#include "tests/integration/running_system.h"
#include "tests/tools/sagactl/test_console.h"
#include "tools/sagactl/output.h"

namespace ordersaga::sagactl::test {
namespace {

namespace kafka = runtime::kafka;

// A system takes seconds to start, so each test does several things with its own.
class OnTheSystem : public testing::Test {
 protected:
  OnTheSystem() : daemon_(system_.start_ready_daemon("all")) {
    EXPECT_EQ(run({"topic", "create"}).code, 0);
    EXPECT_EQ(run({"stock", "receive", "SKU-1", "ams", "100"}).code, 0);
  }

  Outcome run(const std::vector<std::string>& arguments) {
    runtime::SystemClock clock;
    return sagactl(arguments,
                   {{"ORDERSAGA_DATABASE", system_.database()},
                    {"ORDERSAGA_BROKERS", system_.brokers()},
                    {"ORDERSAGA_GATEWAY_URL", system_.gateway_url()},
                    {"ORDERSAGA_CARRIER_URL", system_.carrier_url()}},
                   "", &clock);
  }
  Outcome place(const std::string& id, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"order", "place", "--id", id, "--item", "SKU-1:2:12.34", "--timeout", "30s"});
    return run(more);
  }

  // Something done outside that no order of ours asked for.
  void plant(const std::string& url, const std::string& target, const std::string& body) {
    runtime::http::Request call;
    call.method = "POST";
    call.target = target;
    call.headers = {{"Idempotency-Key", "planted"}, {"Content-Type", "application/json"}};
    call.body = body;
    std::promise<runtime::http::Result> done;
    runtime::http::Client client;
    client.send(runtime::http::Endpoint::parse(url), call, std::chrono::seconds(10),
                [&](runtime::http::Result result) { done.set_value(std::move(result)); });
    ASSERT_EQ(done.get_future().get().response.status, 200);
  }

  // The first message of the key's partition again, with other bytes.
  void publish_other_bytes(const std::string& key) {
    kafka::Config config{.brokers = system_.brokers(), .client_id = "test", .extra = {}, .log = {}};
    std::int32_t partition = shard_of(key, support::RunningSystem::kShards).value;
    kafka::KafkaPartitionReader reader(config);
    std::vector<kafka::ConsumedMessage> messages = reader.read(topics::kEvents, partition, 0, 1);
    ASSERT_FALSE(messages.empty());
    kafka::OutgoingMessage planted;
    planted.topic = topics::kEvents;
    planted.partition = partition;
    planted.key = messages[0].key;
    planted.headers = messages[0].headers;
    planted.value = messages[0].value + "x";
    kafka::KafkaProducer producer(config, {});
    ASSERT_TRUE(producer.produce(planted, 0));
    std::vector<kafka::Delivery> deliveries;
    while (deliveries.empty()) producer.poll(std::chrono::milliseconds(100), deliveries);
    ASSERT_EQ(deliveries[0].error, "");
  }

  support::RunningSystem system_;
  std::unique_ptr<support::Process> daemon_;
};

TEST_F(OnTheSystem, OrdersArePlacedFollowedAndRefusedAndVerifyFindsNothing) {
  Outcome placed = place("good");
  EXPECT_EQ(placed.code, 0) << placed.err;
  EXPECT_NE(placed.out.find("good SUCCEEDED"), std::string::npos) << placed.out;
  Outcome watched = run({"order", "watch", "good", "--wait", "--until", "COMPLETED", "--timeout", "30s"});
  EXPECT_EQ(watched.code, 0) << watched.err;
  Outcome timeline = run({"saga", "timeline", "good"});
  EXPECT_NE(timeline.out.find("captured 24.68 EUR"), std::string::npos) << timeline.out;
  Outcome events = run({"events", "tail", "--from-beginning", "--no-follow", "--order", "good", "--type", "OrderPlaced", "-o", "jsonl"});
  ASSERT_EQ(events.code, 0) << events.err;
  EXPECT_EQ(Json::parse(events.out)["payload"]["orderId"], "good");
  Outcome doctor = run({"doctor"});
  EXPECT_EQ(doctor.code, 0) << doctor.out;
  Outcome verdict = run({"verify", "all"});
  EXPECT_EQ(verdict.code, 0) << verdict.out << verdict.err;
  EXPECT_EQ(verdict.err.find("not checked"), std::string::npos) << verdict.err;

  Outcome declined = place("declined", {"--token", "tok_declined"});
  EXPECT_EQ(declined.code, 5);
  EXPECT_NE(declined.err.find("PAYMENT_DECLINED"), std::string::npos) << declined.err;
  Outcome unknown = run({"order", "place", "--item", "NO-SUCH:1:1", "--timeout", "30s"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("UNKNOWN_SKU"), std::string::npos) << unknown.err;

  std::vector<std::string> create{"topic", "create", "ordersaga.replies.one-more.v1", "--partitions", "3", "-o", "csv"};
  run(create);
  Outcome again = run(create);
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, "topic,partitions,created\nordersaga.replies.one-more.v1,3,was there\n");
  Outcome replies = run({"topic", "tail", "ordersaga.replies.sagactl.v1", "--from-beginning", "--no-follow", "-n", "1", "-o", "jsonl"});
  ASSERT_EQ(replies.code, 0) << replies.err;
  EXPECT_EQ(Json::parse(replies.out)["name"], "CommandReply");
  EXPECT_EQ(run({"topic", "tail", "no.such.topic"}).code, 1);

  // Asked to stop, its relay writes down how far it has come: an epoch would start there.
  daemon_->terminate();
  ASSERT_EQ(daemon_->wait_for_end(std::chrono::seconds(30)), 0) << daemon_->output();
  Outcome later = place("later", {"--timeout", "2s"});
  EXPECT_EQ(later.code, 6) << "nobody answers: " << later.err;
  EXPECT_NE(later.err.find("sagactl order get later"), std::string::npos) << later.err;

  Outcome epoch = run({"db", "new-epoch", "--reason", "nothing was taken back", "--yes"});
  ASSERT_EQ(epoch.code, 0) << epoch.err;
  verdict = run({"verify", "outbox"});
  EXPECT_EQ(verdict.code, 0) << "all was published in the epoch before: " << verdict.out << verdict.err;
}

TEST_F(OnTheSystem, VerifyFindsWhatWasPlantedInTheLedgersAndOnTheTopic) {
  ASSERT_EQ(place("good").code, 0);
  plant(system_.gateway_url(), "/v1/authorizations",
        R"({"payment":"stranger.1","amount":{"currency":"EUR","minor":100},"token":"tok_approved"})");
  Outcome verdict = run({"verify", "money", "--looks", "2", "-o", "csv"});
  EXPECT_EQ(verdict.code, 8);
  EXPECT_NE(verdict.out.find("\nI5,payment stranger.1,"), std::string::npos) << verdict.out;

  plant(system_.carrier_url(), "/v1/bookings",
        R"({"shipment":"stranger.1","destination":{"postcode":"1011AB","city":"Amsterdam"},"lines":[{"sku":"SKU-1","quantity":1}]})");
  verdict = run({"verify", "shipments", "--looks", "2", "-o", "csv"});
  EXPECT_EQ(verdict.code, 8);
  EXPECT_NE(verdict.out.find("\nI17,shipment stranger.1,"), std::string::npos) << verdict.out;

  publish_other_bytes("good");
  verdict = run({"verify", "outbox", "--looks", "2", "-o", "csv"});
  EXPECT_EQ(verdict.code, 8);
  EXPECT_NE(verdict.out.find("\nI11,"), std::string::npos) << verdict.out;
}

}  // namespace
}  // namespace ordersaga::sagactl::test
