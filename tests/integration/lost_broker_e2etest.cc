// The daemon while its only broker is gone, or stands still: what needs no Kafka goes on, /ready says what is missing, and all
// comes back by itself. Each test has a broker of its own.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <regex>

#include "tests/integration/running_system.h"
#include "tests/outbox-relay/private_broker.h"
#include "tests/support/shop.h"

namespace ordersaga::support {
namespace {

using common::v1::OUTCOME_SUCCEEDED;
using std::chrono::seconds;

constexpr seconds kPatience{120};

constexpr const char* kSagasUnderWay = "SELECT count(*) FROM log.wakeups";
constexpr const char* kTurnsOfTheSaga = "SELECT count(*) FROM log.events WHERE stream = 'saga-place_order-unanswered'";

class LostBroker : public testing::Test {
 protected:
  void SetUp() override {
    daemon_ = system_.start_ready_daemon("all");
    port_ = port_of(*daemon_);
    shop_.receive_stock("SKU-1", 1'000);
    ASSERT_TRUE(shop_.replies(1, kPatience).contains("receive-SKU-1")) << daemon_->output();
    buy("before", "tok_approved");
    expect_answer("before");
  }
  void buy(const std::string& id, const std::string& token) {
    Purchase purchase;
    purchase.order_id = id;
    purchase.token = token;
    shop_.place(purchase);
  }
  void expect_answer(const std::string& id) {
    ++answers_;  // and the one to the receipt
    const auto& replies = shop_.replies(answers_ + 1, kPatience);
    ASSERT_TRUE(replies.contains("place-" + id)) << daemon_->output();
    EXPECT_EQ(replies.at("place-" + id).outcome(), OUTCOME_SUCCEEDED);
  }
  bool becomes_ready() {
    return eventually(kPatience, [this] { return http_get(port_, "/ready").status == 200; });
  }
  // Not ready, and this role says that Kafka is why.
  bool misses_kafka(const std::string& role = "orchestrator") {
    const HttpAnswer answer = http_get(port_, "/ready");
    return answer.status == 503 &&
           answer.body.find("{\"part\":\"" + role + "\",\"problem\":\"Kafka cannot be reached\"}") != std::string::npos;
  }
  bool all_roles_miss_kafka() {
    return misses_kafka() && misses_kafka("relay") && misses_kafka("projector") && misses_kafka("projector-2");
  }
  std::int64_t timers_fired() {
    const std::string page = http_get(port_, "/metrics").body;
    std::smatch value;
    static const std::regex kLine("\nordersaga_timers_fired_total ([0-9]+)");
    return std::regex_search(page, value, kLine) ? std::stoll(value[1]) : -1;
  }
  std::int64_t ask(const char* query) { return system_.sql().exec(query).integer(0, 0); }

  relay::testing::PrivateBroker broker_;
  RunningSystem system_{broker_.config.brokers};
  Shop shop_{broker_.config.brokers};
  std::unique_ptr<Process> daemon_;
  std::uint16_t port_ = 0;
  std::size_t answers_ = 0;
};

TEST_F(LostBroker, WhenItIsKilledSagasGoOnOnAdoptedShardsUntilItIsBack) {
  buy("unanswered", "tok_timeout_not_done");  // its authorization is tried again and again, by timers
  ASSERT_TRUE(eventually(kPatience, [this] { return ask(kTurnsOfTheSaga) > 0; }));
  broker_.kill();
  EXPECT_TRUE(eventually(kPatience, [this] { return all_roles_miss_kafka(); })) << http_get(port_, "/ready").body;
  ASSERT_TRUE(daemon_->wait_for_line("no shard is assigned while Kafka is away", kPatience)) << daemon_->output();
  const std::int64_t fired = timers_fired();
  const std::int64_t turns = ask(kTurnsOfTheSaga);
  EXPECT_TRUE(eventually(kPatience, [&] { return timers_fired() > fired && ask(kTurnsOfTheSaga) > turns; })) << daemon_->output();
  EXPECT_TRUE(misses_kafka());
  EXPECT_EQ(http_get(port_, "/health").status, 200);

  broker_.start_again();
  EXPECT_TRUE(becomes_ready()) << http_get(port_, "/ready").body << daemon_->output();
  buy("after", "tok_approved");
  const auto& replies = shop_.replies(4, kPatience);  // the receipt, and three orders
  ASSERT_EQ(replies.size(), 4U) << daemon_->output();
  EXPECT_EQ(replies.at("place-after").outcome(), OUTCOME_SUCCEEDED);
  EXPECT_NE(replies.at("place-unanswered").outcome(), OUTCOME_SUCCEEDED);
  EXPECT_TRUE(eventually(kPatience, [this] { return ask(kSagasUnderWay) == 0; }));
  const RunningSystem::Verdict verdict = system_.verify();
  EXPECT_EQ(verdict.code, 0) << verdict.text;
}

TEST_F(LostBroker, WhenItOnlyStandsStillThatIsNoticedTooAndPasses) {
  broker_.freeze();
  EXPECT_TRUE(eventually(kPatience, [this] { return all_roles_miss_kafka(); })) << http_get(port_, "/ready").body << daemon_->output();
  broker_.thaw();
  EXPECT_TRUE(becomes_ready()) << http_get(port_, "/ready").body << daemon_->output();
  buy("after", "tok_approved");
  expect_answer("after");
}

}  // namespace
}  // namespace ordersaga::support
