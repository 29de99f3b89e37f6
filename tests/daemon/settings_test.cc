#include "daemon/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ordersaga::daemon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class DaemonSettings : public testing::Test {
 protected:
  void read(std::vector<std::string> arguments) {
    std::vector<const char*> argv{"ordersagad"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    read_settings(
        static_cast<int>(argv.size()), argv.data(),
        [this](const std::string& name) {
          const auto found = environment_.find(name);
          return found == environment_.end() ? std::nullopt : std::optional(found->second);
        },
        settings_);
  }
  std::string error_of(std::vector<std::string> arguments) {
    try {
      read(std::move(arguments));
    } catch (const runtime::SettingsError& error) {
      return error.what();
    }
    return "no error";
  }

  std::map<std::string, std::string> environment_;
  Settings settings_;
};

TEST_F(DaemonSettings, OfAllRolesNeedTheOutsidesAddresses) {
  EXPECT_THAT(error_of({}), HasSubstr("gateway_url is not set"));
  EXPECT_THAT(error_of({"--gateway-url", "http://127.0.0.1:1"}), HasSubstr("carrier_url is not set"));
  EXPECT_THAT(error_of({"--gateway-url", "ftp://x", "--carrier-url", "inprocess"}), HasSubstr("must be http://"));
  EXPECT_THAT(error_of({"--gateway-url", "inprocess", "--carrier-url", "http://127.0.0.1:2"}), HasSubstr("both"));
  read({"--gateway-url", "http://127.0.0.1:1", "--carrier-url", "http://127.0.0.1:2"});
  EXPECT_TRUE(settings_.runs("orchestrator"));
  EXPECT_TRUE(settings_.runs("projector"));
}

TEST_F(DaemonSettings, OfOtherRolesNeedThemNot) {
  read({"--role", "relay,projector"});
  EXPECT_TRUE(settings_.runs("relay"));
  EXPECT_FALSE(settings_.runs("orchestrator"));
  EXPECT_THAT(error_of({"--role", "relay,all"}), HasSubstr("stands for itself"));
}

TEST_F(DaemonSettings, KeepThePasswordOutOfTheConnectionString) {
  for (const std::string connection :
       {"host=a password=hunter2", "postgresql://user:hunter2@host/db", "postgres://host/db?password=hunter2"})
    EXPECT_THAT(error_of({"--role", "relay", "--database", connection}), AllOf(HasSubstr("database_password"), Not(HasSubstr("hunter2"))));
  read({"--role", "relay", "--database", "postgresql://user@host:5432/db"});
}

}  // namespace
}  // namespace ordersaga::daemon
