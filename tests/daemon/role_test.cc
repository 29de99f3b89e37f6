#include "daemon/role.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace ordersaga::daemon {
namespace {

class Scripted final : public Role {
 public:
  explicit Scripted(std::function<void(std::stop_token)> script) : script_(std::move(script)) {}
  std::string_view name() const override { return "scripted"; }
  void run(std::stop_token stop) override { script_(std::move(stop)); }

 private:
  std::function<void(std::stop_token)> script_;
};

constexpr std::chrono::seconds kLong{60};

std::function<void(std::stop_token)> until_stopped(bool& finished) {
  return [&finished](const std::stop_token& stop) { finished = runtime::sleep_unless_stopped(stop, kLong); };
}

int run(std::vector<std::function<void(std::stop_token)>> scripts, runtime::Shutdown& shutdown) {
  std::vector<std::unique_ptr<Role>> roles;
  for (auto& script : scripts) roles.push_back(std::make_unique<Scripted>(std::move(script)));
  return run_roles(roles, shutdown);
}

TEST(Roles, EndWellWhenTheyAreToldToStop) {
  runtime::Shutdown shutdown(kLong);
  bool first = false;
  bool second = false;
  const auto request = [&](const std::stop_token&) { shutdown.request(); };
  EXPECT_EQ(run({until_stopped(first), request, until_stopped(second)}, shutdown), 0);
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
}

TEST(Roles, AreAllStoppedWhenOneFails) {
  runtime::Shutdown shutdown(kLong);
  bool other = false;
  const auto fail = [](const std::stop_token&) { throw std::runtime_error("broken"); };
  EXPECT_EQ(run({until_stopped(other), fail}, shutdown), 1);
  EXPECT_TRUE(other);
}

TEST(Roles, AreAllStoppedWhenOneEndsByItself) {
  runtime::Shutdown shutdown(kLong);
  bool other = false;
  EXPECT_EQ(run({[](const std::stop_token&) {}, until_stopped(other)}, shutdown), 1);
  EXPECT_TRUE(other);
}

}  // namespace
}  // namespace ordersaga::daemon
