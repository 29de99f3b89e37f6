#include "runtime/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ordersaga::runtime {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

class Settings : public testing::Test {
 protected:
  void SetUp() override {
    reader_.add("brokers", brokers_, "Kafka's servers");
    reader_.add("turn_size", turn_size_, "inputs of a turn", {1, 5000});
    reader_.add("wait", wait_, "wait for the servers");
    reader_.add("poll", poll_, "time between polls", {milliseconds(1), milliseconds(60'000)});
    reader_.add_choice("log_level", level_, "least level", {"debug", "info", "warn"});
    reader_.add_choices("role", roles_, "what to run", {"all", "relay", "projector"});
    reader_.add_secret("password", password_, "the password");
  }
  void TearDown() override {
    for (const std::string& path : files_) std::filesystem::remove(path);
  }

  std::optional<std::string> read(std::vector<std::string> arguments) {
    std::vector<const char*> argv{"program"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return reader_.read(static_cast<int>(argv.size()), argv.data(), [this](const std::string& name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    });
  }
  std::string error_of(std::vector<std::string> arguments) {
    try {
      read(std::move(arguments));
    } catch (const SettingsError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return error.what();
    }
    return "no error";
  }
  std::string file(const std::string& content) {
    const std::string path =
        std::filesystem::temp_directory_path() / ("settings_test_" + std::to_string(::getpid()) + "_" + std::to_string(files_.size()));
    std::ofstream(path) << content;
    files_.push_back(path);
    return path;
  }

  std::string brokers_ = "default:9092";
  std::int64_t turn_size_ = 500;
  bool wait_ = false;
  milliseconds poll_{100};
  std::string level_ = "info";
  std::vector<std::string> roles_{"all"};
  Secret password_;
  SettingsReader reader_{"program", "A program.", "1.2.3"};
  std::map<std::string, std::string> environment_;
  std::vector<std::string> files_;
};

TEST_F(Settings, KeepTheirDefaultsWhenNothingIsGiven) {
  EXPECT_EQ(read({}), std::nullopt);
  EXPECT_EQ(brokers_, "default:9092");
  EXPECT_EQ(turn_size_, 500);
}

TEST_F(Settings, ComeFromFlagsBeforeTheEnvironmentBeforeTheFile) {
  const std::string config = file("brokers = 'file:1'\nturn_size = 1\npoll = '1s'\nrole = ['relay', 'projector']\nwait = true\n");
  environment_ = {{"ORDERSAGA_CONFIG", config}, {"ORDERSAGA_BROKERS", "environment:1"}, {"ORDERSAGA_TURN_SIZE", "2"}};
  EXPECT_EQ(read({"--brokers", "flag:1"}), std::nullopt);
  EXPECT_EQ(brokers_, "flag:1");
  EXPECT_EQ(turn_size_, 2);
  EXPECT_EQ(poll_, milliseconds(1000));
  EXPECT_EQ(roles_, (std::vector<std::string>{"relay", "projector"}));
  EXPECT_TRUE(wait_);
  const auto all = reader_.effective();
  EXPECT_EQ(all[0].source, "--brokers");
  EXPECT_EQ(all[1].source, "ORDERSAGA_TURN_SIZE");
  EXPECT_EQ(all[3].source, config + ":3");
  EXPECT_EQ(all[4].source, "default");
}

TEST_F(Settings, OfAFlagBeatTheFileWhereTheFileIsNamedByAFlag) {
  environment_ = {{"ORDERSAGA_CONFIG", "/does/not/exist"}};
  EXPECT_EQ(read({"--config", file("wait = true\n"), "--no-wait"}), std::nullopt);
  EXPECT_FALSE(wait_);
}

TEST_F(Settings, OutOfRangeAreRefusedWithTheirSource) {
  EXPECT_THAT(error_of({"--turn-size", "0"}), AllOf(HasSubstr("turn_size"), HasSubstr("--turn-size"), HasSubstr("1 to 5000")));
  environment_ = {{"ORDERSAGA_TURN_SIZE", "12x"}};
  EXPECT_THAT(error_of({}), HasSubstr("ORDERSAGA_TURN_SIZE"));
  environment_.clear();
  const std::string config = file("\nturn_size = 6000\n");
  EXPECT_THAT(error_of({"--config", config}), HasSubstr(config + ":2"));
  EXPECT_THAT(error_of({"--poll", "2h"}), HasSubstr("1ms to 1m"));
  EXPECT_THAT(error_of({"--poll", "5"}), HasSubstr("must be a duration"));
  environment_ = {{"ORDERSAGA_WAIT", "yes"}};
  EXPECT_THAT(error_of({}), HasSubstr("true or false"));
}

TEST_F(Settings, ThatAreUnknownAreRefusedWithASuggestion) {
  EXPECT_THAT(error_of({"--config", file("turn_sise = 5\n")}), HasSubstr("unknown setting turn_sise; did you mean turn_size?"));
  EXPECT_THAT(error_of({"--brokrs=x"}), HasSubstr("unknown argument --brokrs; did you mean --brokers?"));
  EXPECT_THAT(error_of({"--log-level", "inf"}), HasSubstr("did you mean info?"));
  EXPECT_THAT(error_of({"--role", "relay,relai"}), HasSubstr("'relai' is not one of all, relay, projector; did you mean relay?"));
  EXPECT_THAT(error_of({"--role", "relay,relay"}), HasSubstr("stands twice"));
  EXPECT_THAT(error_of({"--config", file("completely_else = 5\n")}), testing::Not(HasSubstr("did you mean")));
}

TEST_F(Settings, FilesThatCannotBeReadAreNamed) {
  EXPECT_THAT(error_of({"--config", "/does/not/exist"}), HasSubstr("/does/not/exist"));
  EXPECT_THAT(error_of({"--config", file("a = \n")}), HasSubstr(":1: "));
  EXPECT_THAT(error_of({"--config", file("[brokers]\na = 1\n")}), HasSubstr("brokers must be"));
}

TEST_F(Settings, SecretsComeFromTheEnvironmentOrAFileOnly) {
  environment_ = {{"ORDERSAGA_PASSWORD", "hunter2"}};
  EXPECT_EQ(read({}), std::nullopt);
  EXPECT_EQ(password_.reveal(), "hunter2");
  environment_.clear();
  EXPECT_EQ(read({"--password-file", file("from file\n")}), std::nullopt);
  EXPECT_EQ(password_.reveal(), "from file");
  EXPECT_THAT(error_of({"--password", "hunter2"}),
              AllOf(HasSubstr("ORDERSAGA_PASSWORD"), HasSubstr("--password-file"), testing::Not(HasSubstr("hunter2"))));
  EXPECT_THAT(error_of({"--password=hunter2"}), testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(error_of({"--config", file("password = 'hunter2'\n")}),
              AllOf(HasSubstr("password_file"), testing::Not(HasSubstr("hunter2"))));
  EXPECT_THAT(error_of({"--password-file", "/does/not/exist"}), HasSubstr("/does/not/exist"));
  EXPECT_THAT(error_of({"--password-file", file("\n")}), HasSubstr("empty"));
  environment_ = {{"ORDERSAGA_PASSWORD", "hunter2"}, {"ORDERSAGA_PASSWORD_FILE", file("x")}};
  EXPECT_THAT(error_of({}), HasSubstr("both set"));
}

TEST_F(Settings, SecretsAreMaskedInTheEffectiveSettings) {
  environment_ = {{"ORDERSAGA_PASSWORD", "hunter2"}};
  read({});
  for (const auto& setting : reader_.effective()) EXPECT_NE(setting.value, "hunter2");
}

TEST_F(Settings, ExplainThemselves) {
  const auto help = read({"--help"});
  ASSERT_TRUE(help);
  EXPECT_THAT(*help, AllOf(HasSubstr("--turn-size"), HasSubstr("1 to 5000"), HasSubstr("default: 500"), HasSubstr("ORDERSAGA_TURN_SIZE"),
                           HasSubstr("--password-file")));
  EXPECT_EQ(read({"--version"}), "program 1.2.3\n");
}

}  // namespace
}  // namespace ordersaga::runtime
