#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/tools/sagactl/test_console.h"

namespace ordersaga::sagactl::test {
namespace {

// A configuration folder of the test's own.
class Profiles : public testing::Test {
 protected:
  Profiles() : folder_(std::filesystem::temp_directory_path() / ("sagactl_test." + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Profiles() override { std::filesystem::remove_all(folder_); }

  Outcome run(const std::vector<std::string>& arguments, std::map<std::string, std::string> environment = {}) {
    environment["XDG_CONFIG_HOME"] = folder_.string();
    return sagactl(arguments, environment);
  }
  std::string value_of(const std::string& setting, const std::vector<std::string>& more = {},
                       const std::map<std::string, std::string>& environment = {}) {
    std::vector<std::string> arguments{"config", "get", "-o", "csv"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::string out = run(arguments, environment).out;
    auto at = out.find("\n" + setting + ",");
    return at == std::string::npos ? out : out.substr(at + setting.size() + 2, out.find('\n', at + 1) - at - setting.size() - 2);
  }

  std::filesystem::path folder_;
};

TEST_F(Profiles, GiveWhatFlagsAndEnvironmentDoNot) {
  EXPECT_EQ(run({"config", "set", "default", "brokers", "profile:9092"}).code, 0);
  EXPECT_EQ(value_of("brokers").substr(0, 13), "profile:9092,");
  EXPECT_EQ(value_of("brokers", {}, {{"ORDERSAGA_BROKERS", "environment:9092"}}), "environment:9092,ORDERSAGA_BROKERS");
  EXPECT_EQ(value_of("brokers", {"--brokers", "flag:9092"}, {{"ORDERSAGA_BROKERS", "environment:9092"}}).substr(0, 10), "flag:9092,");
}

TEST_F(Profiles, KeepTheirOtherSettings) {
  run({"config", "set", "test", "brokers", "one:9092"});
  run({"config", "set", "test", "client", "me"});
  run({"config", "set", "test", "brokers", "two:9092"});
  EXPECT_EQ(value_of("brokers", {"--profile", "test"}).substr(0, 9), "two:9092,");
  EXPECT_EQ(value_of("client", {"--profile", "test"}).substr(0, 3), "me,");
  EXPECT_EQ(run({"config", "profiles", "-o", "csv"}).out.substr(0, 18), "profile,file\ntest,");
}

TEST_F(Profiles, RefuseWhatIsNoSetting) {
  EXPECT_EQ(run({"config", "set", "test", "broker", "x"}).code, 2);
  EXPECT_EQ(run({"config", "profiles", "-o", "jsonl"}).out, "");  // nothing is left behind
}

TEST_F(Profiles, ThatAreMissingAreNamed) {
  Outcome outcome = run({"config", "get", "--profile", "nobody"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("'nobody'"), std::string::npos);
}

TEST_F(Profiles, ShowNoPassword) {
  Outcome outcome = run({"config", "get"}, {{"ORDERSAGA_DATABASE_PASSWORD", "hunter2"}});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out.find("hunter2"), std::string::npos);
  EXPECT_NE(outcome.out.find("***"), std::string::npos);
}

}  // namespace
}  // namespace ordersaga::sagactl::test
