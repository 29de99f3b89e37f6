// The daemon while its Postgres, which is the test's own, has crashed: /ready says so for every role, what is asked meanwhile
// waits in Kafka, and all comes back by itself.
#include <gtest/gtest.h>

#include "tests/integration/running_system.h"
#include "tests/support/private_postgres.h"
#include "tests/support/shop.h"

namespace ordersaga::support {
namespace {

using common::v1::OUTCOME_SUCCEEDED;
using std::chrono::seconds;

constexpr seconds kPatience{120};

TEST(LostPostgres, is_told_by_every_role_and_is_over_by_itself_with_nothing_lost) {
  testing_support::PrivatePostgres postgres;
  RunningSystem system(required_environment("ORDERSAGA_TEST_BROKERS"), postgres.target());
  Shop shop(system.brokers());
  const auto daemon = system.start_ready_daemon("all");
  const std::uint16_t port = port_of(*daemon);
  auto ready = [port] { return http_get(port, "/ready"); };
  shop.receive_stock("SKU-1", 1'000);
  shop.place({.order_id = "before"});
  ASSERT_EQ(shop.replies(2, kPatience).size(), 2U) << daemon->output();

  postgres.stop_immediately();
  auto every_role_tells = [&] {
    const HttpAnswer answer = ready();
    for (const char* role : {"orchestrator", "relay", "projector", "projector-2"})
      if (answer.body.find(std::string("{\"part\":\"") + role + "\"") == std::string::npos) return false;
    return answer.status == 503;
  };
  EXPECT_TRUE(eventually(kPatience, every_role_tells)) << ready().body << daemon->output();
  EXPECT_NE(ready().body.find("the database"), std::string::npos) << ready().body;
  EXPECT_EQ(http_get(port, "/health").status, 200) << "to restart it would not help";
  shop.place({.order_id = "meanwhile"});

  postgres.start();
  EXPECT_TRUE(eventually(kPatience, [&] { return ready().status == 200; })) << ready().body << daemon->output();
  const auto& replies = shop.replies(3, kPatience);
  ASSERT_TRUE(replies.contains("place-meanwhile")) << daemon->output();
  EXPECT_EQ(replies.at("place-meanwhile").outcome(), OUTCOME_SUCCEEDED);
  EXPECT_TRUE(eventually(kPatience, [&] { return system.verify().code == 0; })) << system.verify().text;
}

}  // namespace
}  // namespace ordersaga::support
