// I11.
#include <gtest/gtest.h>

#include <algorithm>

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

// The next epoch begins: in the shard that is looked at after `after`, elsewhere after the head.
void begin_epoch(History& history, Position after) {
  const Epoch epoch(history.epoch().value + 1);
  for (std::size_t i = 0; i < history.topic.size(); ++i)
    history.starts.push_back({epoch, Shard(static_cast<std::int16_t>(i)),
                              i == history.index("a") ? after : Position(static_cast<std::int64_t>(history.log[i].size()))});
}

Position head(History& history) {
  return messages(history).back().position;
}

TEST(Publication, AcceptsAnEpochWithNothingAboveItsStart) {
  History history = good_history();
  begin_epoch(history, head(history));
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Publication, FindsAMissingRecordOfAnEarlierEpoch) {
  History history = good_history();
  begin_epoch(history, head(history));
  messages(history).pop_back();
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, FindsOtherBytesInAnEarlierEpochAtItsEnd) {
  History history = good_history();
  begin_epoch(history, head(history));
  messages(history).back().value += "x";
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, IgnoresWhatALaterEpochUndidAndWantsItInThatEpoch) {
  History history = good_history();
  auto& topic = messages(history);
  begin_epoch(history, Position(3));
  const std::vector<PublishedEvent> records = topic;
  for (std::size_t i = 3; i < topic.size(); ++i) topic[i].value = "what was taken back";
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
  for (std::size_t i = 3; i < records.size(); ++i) {
    topic.push_back(records[i]);
    topic.back().epoch = Epoch(2);
    topic.back().offset = static_cast<std::int64_t>(topic.size()) - 1;
  }
  EXPECT_EQ(broken(history.judge()), Ids{});
  topic.pop_back();
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, IgnoresMessagesOfAnEarlierLifeOfTheLogWhichWasLonger) {
  History history = good_history();
  begin_epoch(history, head(history));
  PublishedEvent old = messages(history)[1];
  old.position = Position(900);
  old.value = "what was taken back";
  messages(history).push_back(old);
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Publication, WantsTheBeginningBehindWhatWasUndoneToo) {
  History history = good_history();
  auto& topic = messages(history);
  begin_epoch(history, head(history));
  topic[0].position = Position(900);  // in place of position 1
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, FindsAMessageOfAnEpochThatTheLogDoesNotKnow) {
  History history = good_history();
  PublishedEvent later = messages(history).back();
  later.epoch = Epoch(2);
  messages(history).push_back(later);
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

// Puts the records at these positions before all others, as a producer does that outlives its topic.
void lead_with_strays(History& history, std::vector<std::size_t> positions) {
  auto& topic = messages(history);
  std::vector<PublishedEvent> strays;
  for (std::size_t p : positions) strays.push_back(topic[p - 1]);
  topic.insert(topic.begin(), strays.begin(), strays.end());
}

void number_offsets(History& history) {
  std::int64_t next = 0;
  for (PublishedEvent& message : messages(history)) message.offset = next++;
}

std::string only_finding(History& history) {
  const std::vector<Finding> findings = history.judge();
  return findings.size() == 1 ? findings[0].expected + " | " + findings[0].found : std::to_string(findings.size()) + " findings";
}

TEST(Publication, AcceptsStraysBeforeItBeginsAnew) {
  for (const std::vector<std::size_t>& strays : {std::vector<std::size_t>{5}, {5, 6}, {3, 5, 7}, {4, 5, 4, 5}, {2}}) {
    History history = good_history();
    lead_with_strays(history, strays);
    number_offsets(history);
    EXPECT_EQ(broken(history.judge()), Ids{});
  }
}

TEST(Publication, AcceptsRepetitionsBehindABeginningAnew) {
  History history = good_history();
  auto& topic = messages(history);
  const std::vector<PublishedEvent> first_three(topic.begin(), topic.begin() + 3);
  topic.insert(topic.begin() + 3, first_three.begin(), first_three.end());
  lead_with_strays(history, {5, 6});
  number_offsets(history);
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Publication, AcceptsStraysOfWhichSomeAreNoLongerRetained) {
  History history = good_history();
  lead_with_strays(history, {3, 5, 7});
  number_offsets(history);
  messages(history).erase(messages(history).begin());
  EXPECT_EQ(broken(history.judge()), Ids{});
}

TEST(Publication, FindsStraysBehindWhichItDoesNotBeginAnew) {
  History history = good_history();
  auto& topic = messages(history);
  topic.erase(topic.begin(), topic.begin() + 4);
  number_offsets(history);
  EXPECT_EQ(only_finding(history),
            "position 1, or that the publication begins again at position 1 further on | position 5: a gap, and no such beginning");
}

TEST(Publication, FindsStraysBehindWhichItBeginsAtALaterPosition) {
  History history = good_history();
  messages(history).erase(messages(history).begin());
  lead_with_strays(history, {4});
  number_offsets(history);
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, FindsABeginningAnewThatStopsBeforeTheHead) {
  History history = good_history();
  auto& topic = messages(history);
  const auto head = static_cast<std::size_t>(topic.back().position.value);
  lead_with_strays(history, {head - 1, head});
  topic.pop_back();
  number_offsets(history);
  EXPECT_EQ(only_finding(history), "every position up to " + std::to_string(head) +
                                       " from offset 2 on, where the publication begins again behind strays | " + "the last one is " +
                                       std::to_string(head - 1))
      << "a stray does not stand for the record that is missing behind it";
}

TEST(Publication, FindsAGapBehindABeginningAnew) {
  History history = good_history();
  auto& topic = messages(history);
  topic.erase(topic.begin() + 2);
  const PublishedEvent missing = good_history().topic[history.index("a")][2];
  topic.insert(topic.begin(), missing);
  number_offsets(history);
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, FindsAStrayThatIsNotPublishedAnew) {
  History history = good_history();
  lead_with_strays(history, {5});
  messages(history)[0].position = messages(history).back().position.next();  // which no record of the log has
  number_offsets(history);
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, FindsAStrayOfOtherBytes) {
  History history = good_history();
  lead_with_strays(history, {5});
  number_offsets(history);
  messages(history)[0].value += "x";
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, FindsAGapInTheMiddleThatIsFilledLaterWithoutABeginningAnew) {
  History history = good_history();
  auto& topic = messages(history);
  std::rotate(topic.begin() + 2, topic.begin() + 3, topic.end());
  number_offsets(history);
  EXPECT_EQ(broken(history.judge()), Ids{"I11"});
}

TEST(Publication, AcceptsAGapInTheMiddleBehindWhichAllIsPublishedFromTheFirstRecordOn) {
  History history = good_history();
  lead_with_strays(history, {1, 2, 5});
  number_offsets(history);
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
