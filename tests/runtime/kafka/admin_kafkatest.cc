#include "tests/runtime/kafka/broker.h"

namespace ordersaga::runtime::kafka {
namespace {

using Admin = testing::BrokerTest;

TEST_F(Admin, CreatesTopicsWithTheirPartitionsOnceAndLeavesThemAloneAfterwards) {
  KafkaAdmin admin(config);
  std::vector<TopicSpec> wanted{{unique("created"), 3, 1, {{"retention.ms", "60000"}, {"message.timestamp.type", "LogAppendTime"}}},
                                {unique("created"), 5, 1, {}}};
  EXPECT_EQ(admin.create_topics(wanted), (std::vector<std::string>{wanted[0].name, wanted[1].name}));
  EXPECT_TRUE(admin.create_topics(wanted).empty());
  const auto counts = admin.partition_counts();
  EXPECT_EQ(counts.at(wanted[0].name), 3);
  EXPECT_EQ(counts.at(wanted[1].name), 5);
}

TEST_F(Admin, ASettingThatTheBrokerDoesNotKnowIsAnErrorThatNamesTheTopic) {
  KafkaAdmin admin(config);
  TopicSpec wrong{unique("wrong"), 1, 1, {{"no.such.setting", "1"}}};
  try {
    admin.create_topics({&wrong, 1});
    FAIL() << "was accepted";
  } catch (const KafkaError& error) {
    EXPECT_NE(std::string(error.what()).find(wrong.name), std::string::npos) << error.what();
  }
}

TEST_F(Admin, NamesTheTopicsThatAreMissing) {
  const std::string there = make_topic("there", 1);
  const std::string lacking = unique("lacking");
  const std::vector<std::string> wanted{there, lacking};
  EXPECT_EQ(KafkaAdmin(config).missing(wanted), std::vector<std::string>{lacking});
}

TEST_F(Admin, TheClusterHasAnId) {
  EXPECT_FALSE(KafkaAdmin(config).cluster_id().empty());
}

TEST_F(Admin, ASilentBrokerIsAnErrorAfterThePatience) {
  Config nobody;
  nobody.brokers = "127.0.0.1:1";
  std::string logged;
  nobody.log = [](Severity, std::string_view) {};
  KafkaAdmin admin(nobody, std::chrono::milliseconds(300));
  EXPECT_THROW(admin.partition_counts(), KafkaError);
  EXPECT_THROW(admin.cluster_id(), KafkaError);
}

TEST_F(Admin, AnUnknownSettingOfTheClientIsAnErrorThatNamesIt) {
  config.extra = {{"no.such.setting", "1"}};
  try {
    KafkaAdmin admin(config);
    FAIL() << "was accepted";
  } catch (const KafkaError& error) {
    EXPECT_NE(std::string(error.what()).find("no.such.setting"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace ordersaga::runtime::kafka
