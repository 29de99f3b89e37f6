// I11.
#include <gtest/gtest.h>

#include "tests/tools/verify/history.h"

namespace ordersaga::verify::test {
namespace {

using Ids = std::vector<std::string>;

std::vector<PublishedEvent>& messages(History& history) {
  return history.topic[history.index("a")];
}

TEST(Publication, FindsARecordThatWasNotPublished) {
  History history = good_history();
  messages(history).pop_back();
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, FindsAGap) {
  History history = good_history();
  messages(history).erase(messages(history).begin() + 2);
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, FindsAGapAtTheVeryStart) {
  History history = good_history();
  auto& topic = messages(history);
  topic.erase(topic.begin());
  topic[0].offset = 0;
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, AcceptsATopicWhoseOldestMessagesAreNoLongerRetained) {
  History history = good_history();
  messages(history).erase(messages(history).begin(), messages(history).begin() + 3);
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Publication, FindsFirstOccurrencesOutOfOrder) {
  History history = good_history();
  std::swap(messages(history)[1].position, messages(history)[2].position);
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, AcceptsDuplicatesOfEqualBytes) {
  History history = good_history();
  messages(history).push_back(messages(history)[1]);
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Publication, FindsADuplicateOfOtherBytes) {
  History history = good_history();
  PublishedEvent duplicate = messages(history)[1];
  duplicate.value += "x";
  messages(history).push_back(duplicate);
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, FindsAMessageUnderAnotherKey) {
  History history = good_history();
  messages(history)[1].key = "other";
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, IgnoresMessagesOfAnEarlierLifeOfTheLog) {
  History history = good_history();
  PublishedEvent old = messages(history)[1];
  old.epoch = Epoch(0);
  old.position = Position(900);
  old.value = "what was taken back";
  messages(history).push_back(old);
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Publication, AcceptsMessagesOfRecordsMadeAfterTheCheckBegan) {
  History history = good_history();
  PublishedEvent later = messages(history).back();
  later.position = later.position.next();
  messages(history).push_back(later);
  EXPECT_EQ(broken(history.judge()), Ids{});
}

}  // namespace
}  // namespace ordersaga::verify::test
