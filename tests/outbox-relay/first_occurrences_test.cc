#include "tests/outbox-relay/first_occurrences.h"

#include <gtest/gtest.h>

#include "schemas/headers.h"

namespace ordersaga::relay::testing {
namespace {

using runtime::kafka::ConsumedMessage;

ConsumedMessage record(int position, const std::string& value = "v", int shard = 2) {
  ConsumedMessage m;
  m.partition = 2;
  m.key = "k";
  m.value = value;
  m.headers = {{std::string(headers::kShard), std::to_string(shard)},
               {std::string(headers::kPosition), std::to_string(position)},
               {std::string(headers::kEpoch), "1"}};
  return m;
}

TEST(FirstOccurrences, RepetitionsAreCountedAndHarmless) {
  const std::vector<ConsumedMessage> messages = {record(1), record(2), record(1), record(2), record(3)};
  const Occurrences found = first_occurrences(messages);
  EXPECT_FALSE(found.violation) << *found.violation;
  EXPECT_EQ(found.last, 3);
  EXPECT_EQ(found.repetitions, 2U);
}

TEST(FirstOccurrences, AGapIsFoundEvenWhenItIsFilledLater) {
  const std::vector<ConsumedMessage> messages = {record(1), record(3), record(2)};
  EXPECT_TRUE(first_occurrences(messages).violation);
}

TEST(FirstOccurrences, ARepetitionWithOtherBytesIsFound) {
  const std::vector<ConsumedMessage> messages = {record(1), record(1, "other")};
  EXPECT_TRUE(first_occurrences(messages).violation);
}

TEST(FirstOccurrences, AnotherShardsRecordAndAForeignMessageAreFound) {
  const std::vector<ConsumedMessage> stray = {record(1, "v", 3)};
  EXPECT_TRUE(first_occurrences(stray).violation);
  const std::vector<ConsumedMessage> foreign = {ConsumedMessage()};
  EXPECT_TRUE(first_occurrences(foreign).violation);
}

}  // namespace
}  // namespace ordersaga::relay::testing
