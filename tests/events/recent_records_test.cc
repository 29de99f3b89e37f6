#include "events/recent_records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ordersaga::events {
namespace {

using Above = RecentRecords::Above;

constexpr Epoch kEpoch(1);
constexpr Timestamp kTime{std::chrono::seconds(1'800'000'000)};

Shard shard(int n) {
  return Shard(static_cast<std::int16_t>(n));
}

// Whose payload tells its place.
NewRecord record(Shard of, std::int64_t position, std::size_t padding = 0) {
  return {
      of,        "stream", Version(3), TypeNumber(7), std::to_string(of.value) + "/" + std::to_string(position) + std::string(padding, '.'),
      "metadata"};
}

class RecentRecordsTest : public ::testing::Test {
 protected:
  // One commit's records of one shard: positions first, …, last.
  void add(Shard of, std::int64_t first, std::int64_t last, Epoch epoch = kEpoch, std::size_t padding = 0) {
    std::vector<NewRecord> records;
    std::vector<Position> positions;
    for (std::int64_t p = first; p <= last; ++p) {
      records.push_back(record(of, p, padding));
      positions.emplace_back(p);
    }
    recent.add(epoch, records, positions, kTime);
  }
  Above take(Shard of, std::int64_t after, std::size_t records = 1'000, std::size_t bytes = std::numeric_limits<std::size_t>::max()) {
    taken.clear();
    const Above above = recent.take({of, kEpoch, Position(after), records, bytes, 0}, taken);
    for (const RecordedEvent& r : taken) {
      EXPECT_EQ(r.shard, of);
      EXPECT_EQ(r.position, Position(++after)) << "a gap or a repetition";
      EXPECT_EQ(r.payload.substr(0, r.payload.find('.')), std::to_string(of.value) + "/" + std::to_string(r.position.value));
    }
    return above;
  }

  RecentRecords recent{1 << 20};
  std::vector<RecordedEvent> taken;
};

TEST_F(RecentRecordsTest, GivesARecordAsItWasAddedAndOnce) {
  recent.follow(shard(2));
  add(shard(2), 5, 5);
  EXPECT_EQ(take(shard(2), 4), Above::given);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].stream, "stream");
  EXPECT_EQ(taken[0].version, Version(3));
  EXPECT_EQ(taken[0].type, TypeNumber(7));
  EXPECT_EQ(taken[0].payload, "2/5");
  EXPECT_EQ(taken[0].metadata, "metadata");
  EXPECT_EQ(taken[0].recorded_at, kTime);
  EXPECT_EQ(recent.bytes(), 0U);
  EXPECT_EQ(take(shard(2), 5), Above::nothing);
  EXPECT_EQ(take(shard(2), 4), Above::missing) << "who asks again is sent to the store";
  EXPECT_TRUE(taken.empty());
}

TEST_F(RecentRecordsTest, KeepsNothingOfShardsThatNobodyFollows) {
  std::vector<NewRecord> records{record(shard(0), 1)};
  const Position first(1);
  recent.add(kEpoch, records, {&first, 1}, kTime);
  EXPECT_EQ(records[0].payload, "0/1") << "it is not moved from";
  EXPECT_EQ(recent.bytes(), 0U);
  EXPECT_EQ(take(shard(0), 0), Above::unknown);
  recent.follow(shard(0));
  EXPECT_EQ(take(shard(0), 0), Above::unknown) << "what was before is not there";
  add(shard(0), 2, 3);
  EXPECT_GT(recent.bytes(), 0U);
  recent.leave(shard(0));
  EXPECT_EQ(recent.bytes(), 0U);
  EXPECT_EQ(take(shard(0), 1), Above::unknown);
}

TEST_F(RecentRecordsTest, WhoFollowsAnewBeginsAnew) {
  recent.follow(shard(0));
  add(shard(0), 1, 3);
  recent.follow(shard(0));
  EXPECT_EQ(recent.bytes(), 0U);
  EXPECT_EQ(take(shard(0), 0), Above::unknown);
}

TEST_F(RecentRecordsTest, CommitsOneAfterTheOtherAreOneRunForEachShard) {
  recent.follow(shard(0));
  recent.follow(shard(1));
  std::vector<NewRecord> mixed{record(shard(0), 1), record(shard(1), 11), record(shard(0), 2), record(shard(1), 12)};
  const std::vector<Position> positions{Position(1), Position(11), Position(2), Position(12)};
  recent.add(kEpoch, mixed, positions, kTime);
  add(shard(0), 3, 4);
  EXPECT_EQ(take(shard(0), 0), Above::given);
  EXPECT_EQ(taken.size(), 4U);
  EXPECT_EQ(take(shard(1), 10), Above::given);
  EXPECT_EQ(taken.size(), 2U);
}

TEST_F(RecentRecordsTest, ThePartsThatAreAskedForAreOfTheSizeThatWasAskedFor) {
  recent.follow(shard(0));
  add(shard(0), 1, 10, kEpoch, 100);
  EXPECT_EQ(take(shard(0), 0, 3), Above::given);
  EXPECT_EQ(taken.size(), 3U);
  // Each has some 110 bytes.
  EXPECT_EQ(take(shard(0), 3, 100, 500), Above::given);
  EXPECT_EQ(taken.size(), 4U);
  EXPECT_EQ(take(shard(0), 7, 100, 5), Above::missing) << "not even one fits: the store is asked, and answers what it does then";
  EXPECT_EQ(take(shard(0), 7), Above::given);
  EXPECT_EQ(taken.size(), 3U);
}

TEST_F(RecentRecordsTest, WhatTheReaderHasFromTheStoreIsLeftOut) {
  recent.follow(shard(0));
  add(shard(0), 1, 10);
  EXPECT_EQ(take(shard(0), 4), Above::given);
  EXPECT_EQ(taken.size(), 6U);
  add(shard(0), 11, 12);
  EXPECT_EQ(take(shard(0), 12), Above::nothing);
  EXPECT_EQ(recent.bytes(), 0U);
  EXPECT_EQ(take(shard(0), 20), Above::unknown) << "another process appended what the reader has";
}

TEST_F(RecentRecordsTest, AnotherProcessesCommitsAreNeverJumped) {
  recent.follow(shard(0));
  add(shard(0), 1, 3);
  add(shard(0), 6, 7);  // 4 and 5 are another's
  EXPECT_EQ(take(shard(0), 0), Above::cut);
  EXPECT_EQ(taken.size(), 3U);
  EXPECT_EQ(take(shard(0), 3), Above::missing);
  add(shard(0), 8, 9);
  EXPECT_EQ(take(shard(0), 3), Above::missing) << "8 is here, and not next";
  EXPECT_TRUE(taken.empty());
  EXPECT_EQ(take(shard(0), 7), Above::given) << "the reader came to it through the store";
  EXPECT_EQ(taken.size(), 2U);
}

TEST_F(RecentRecordsTest, RecordsOfAnotherEpochAreNotGiven) {
  recent.follow(shard(0));
  add(shard(0), 1, 3, Epoch(2));
  EXPECT_EQ(take(shard(0), 0), Above::unknown) << "the reader has not heard of the epoch yet";
  recent.follow(shard(0));
  add(shard(0), 1, 3, Epoch(1));
  add(shard(0), 3, 4, Epoch(2));
  taken.clear();
  EXPECT_EQ(recent.take({shard(0), Epoch(2), Position(0), 10, 1'000, 0}, taken), Above::missing) << "1 to 3 are of a life that is over";
  EXPECT_EQ(recent.take({shard(0), Epoch(2), Position(2), 10, 1'000, 0}, taken), Above::given);
  ASSERT_EQ(taken.size(), 2U);
}

TEST_F(RecentRecordsTest, AWriterThatGoesBackHasAnotherLog) {
  recent.follow(shard(0));
  add(shard(0), 1, 5);
  add(shard(0), 3, 4);
  EXPECT_EQ(take(shard(0), 0), Above::missing);
  EXPECT_EQ(take(shard(0), 2), Above::given);
  EXPECT_EQ(taken.size(), 2U);
}

TEST_F(RecentRecordsTest, WhatAWriterNoLongerVouchesForIsNotGiven) {
  recent.follow(shard(0));
  recent.follow(shard(1));
  add(shard(0), 1, 5);
  add(shard(1), 1, 5);
  const std::vector<Shard> lost{shard(0), shard(7)};
  recent.drop(lost);
  EXPECT_EQ(take(shard(0), 0), Above::unknown);
  EXPECT_EQ(take(shard(0), 5), Above::unknown);
  EXPECT_EQ(take(shard(1), 0), Above::given);
  add(shard(0), 6, 6);
  EXPECT_EQ(take(shard(0), 5), Above::given);
}

TEST_F(RecentRecordsTest, BytesAreBoundedAndWhatIsNextIsKept) {
  const std::size_t each = RecentRecords::bytes_of(record(shard(0), 1, 1'000));
  const auto room = static_cast<std::int64_t>((1 << 20) / each);
  recent.follow(shard(0));
  recent.follow(shard(1));
  add(shard(0), 1, 2 * room, kEpoch, 1'000);
  EXPECT_LE(recent.bytes(), 1U << 20);
  add(shard(1), 1, room, kEpoch, 1'000);
  EXPECT_LE(recent.bytes(), 1U << 20);
  // The other shard waits for room, and so does more of the same one, even when there is some.
  EXPECT_EQ(take(shard(0), 0, 100), Above::given);
  add(shard(0), 2 * room + 1, 2 * room + 1);
  std::int64_t end = 100;
  for (Above above = Above::given; above != Above::cut; end += static_cast<std::int64_t>(taken.size())) above = take(shard(0), end);
  EXPECT_NEAR(static_cast<double>(end), static_cast<double>(room), 20);
  EXPECT_EQ(take(shard(0), end), Above::missing);
  EXPECT_EQ(take(shard(1), 0), Above::missing);
  // Both are kept again from now on: who catches up through the store gets all from here again.
  add(shard(0), 2 * room + 2, 2 * room + 9);
  add(shard(1), room + 1, room + 3);
  EXPECT_EQ(take(shard(0), 2 * room + 1), Above::given);
  EXPECT_EQ(taken.size(), 8U);
  EXPECT_EQ(take(shard(0), 2 * room + 9), Above::nothing);
  EXPECT_EQ(take(shard(1), room), Above::given);
  EXPECT_EQ(recent.bytes(), 0U);
}

TEST_F(RecentRecordsTest, ARecordWithoutAPositionIsAMistake) {
  std::vector<NewRecord> records{record(shard(0), 1)};
  EXPECT_THROW(recent.add(kEpoch, records, {}, kTime), std::logic_error);
}

// Two writers, two shards each, and a reader that goes to "the store" for what is not here.
TEST_F(RecentRecordsTest, ThreadsTakeEachRecordOnceAndInOrder) {
  constexpr std::int64_t kRecords = 40'000;
  RecentRecords tight(20'000);
  std::array<std::atomic<std::int64_t>, 4> committed{};
  for (int s = 0; s < 4; ++s) tight.follow(shard(s));
  const auto write = [&](int of) {
    for (std::int64_t next = 1; next <= kRecords;) {
      for (int s = of; s < 4; s += 2) {
        const std::int64_t last = std::min(kRecords, next + 6);
        std::vector<NewRecord> records;
        std::vector<Position> positions;
        for (std::int64_t p = next; p <= last; ++p) {
          records.push_back(record(shard(s), p));
          positions.emplace_back(p);
        }
        committed[static_cast<std::size_t>(s)] = last;
        tight.add(kEpoch, records, positions, kTime);
      }
      next += 7;
    }
  };
  std::jthread first(write, 0);
  std::jthread second(write, 1);
  std::array<std::int64_t, 4> have{};
  std::int64_t from_memory = 0;
  while (std::any_of(have.begin(), have.end(), [](std::int64_t h) { return h < kRecords; })) {
    for (int s = 0; s < 4; ++s) {
      std::int64_t& after = have[static_cast<std::size_t>(s)];
      std::vector<RecordedEvent> out;
      const Above above = tight.take({shard(s), kEpoch, Position(after), 50, 100'000, 0}, out);
      for (const RecordedEvent& r : out) {
        ASSERT_EQ(r.position.value, ++after);
        ASSERT_EQ(r.payload, std::to_string(s) + "/" + std::to_string(after));
        ++from_memory;
      }
      ASSERT_LE(tight.bytes(), 20'000U);
      // As the store would.
      if (above == Above::missing) after = std::min<std::int64_t>(after + 50, committed[static_cast<std::size_t>(s)]);
    }
  }
  EXPECT_GT(from_memory, 0);
  first.join();
  second.join();
  std::vector<RecordedEvent> none;
  for (int s = 0; s < 4; ++s) tight.take({shard(s), kEpoch, Position(kRecords), 50, 100'000, 0}, none);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(tight.bytes(), 0U);
}

}  // namespace
}  // namespace ordersaga::events
