#include "daemon/recovering_role.h"

#include <gtest/gtest.h>

#include "events/errors.h"
#include "runtime/kafka/client.h"

namespace ordersaga::daemon {
namespace {

struct Zero final : runtime::Random {
  std::uint64_t next() override { return 0; }
};

TEST(RecoveringRole, BeginsAgainWhenAServerIsLostAndSaysSoMeanwhile) {
  std::stop_source stop;
  int lives = 0;
  std::optional<std::string> lag;
  RecoveringRole role("test", std::make_unique<Zero>(), [&](const std::stop_token&, RecoveringRole& role) {
    switch (++lives) {
      case 1: {
        EXPECT_EQ(role.problem(), "starting");
        const RecoveringRole::Working working(role, [&lag] { return lag; });
        EXPECT_EQ(role.problem(), std::nullopt);
        lag = "far behind";
        EXPECT_EQ(role.problem(), "far behind");
        throw events::StoreUnavailable("the database went away");
      }
      case 2:
        EXPECT_EQ(role.problem(), "the database went away");
        throw runtime::kafka::KafkaError("the broker went away", true);
      default:
        EXPECT_EQ(role.problem(), "the broker went away");
        stop.request_stop();
    }
  });
  role.run(stop.get_token());
  EXPECT_EQ(lives, 3);
}

TEST(RecoveringRole, GivesUpOnWhatDoesNotPass) {
  RecoveringRole role("test", std::make_unique<Zero>(),
                      [](const std::stop_token&, RecoveringRole&) { throw events::StoreMisconfigured("not migrated"); });
  EXPECT_THROW(role.run({}), events::StoreMisconfigured);
}

TEST(RecoveringRole, DoesNotBeginAgainAfterTheStop) {
  std::stop_source stop;
  int lives = 0;
  RecoveringRole role("test", std::make_unique<Zero>(), [&](const std::stop_token&, RecoveringRole&) {
    ++lives;
    stop.request_stop();
    throw events::StoreUnavailable("the database went away");
  });
  role.run(stop.get_token());
  EXPECT_EQ(lives, 1);
}

}  // namespace
}  // namespace ordersaga::daemon
