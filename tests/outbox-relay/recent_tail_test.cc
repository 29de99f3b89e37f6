#include "outbox-relay/recent_tail.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "events/errors.h"
#include "tests/outbox-relay/log_book.h"

namespace ordersaga::relay::testing {
namespace {

using events::RecordedEvent;
using Places = std::vector<std::pair<int, std::int64_t>>;

Shard shard(int n) {
  return Shard(static_cast<std::int16_t>(n));
}

// The store, which counts how often it is asked, and may fail.
class WatchedStore final : public LogTail {
 public:
  explicit WatchedStore(events::EventStore& store) : inner_(store) {}
  void ask(const TailQuestion& question) override {
    if (std::exchange(refuses, false)) throw events::StoreUnavailable("refused");
    asked.clear();
    for (const TailQuestion::Part& part : question.parts) asked.emplace_back(part.shard.value, part.after.value);
    ++questions;
    inner_.ask(question);
  }
  bool awaits() const override { return inner_.awaits(); }
  TailAnswer take(std::vector<RecordedEvent>& out) override {
    const TailAnswer answer = inner_.take(out);
    if (std::exchange(fails, false)) throw events::StoreUnavailable("failed");
    return answer;
  }

  int questions = 0;
  Places asked;  // by the last question
  bool refuses = false;
  bool fails = false;

 private:
  StoreTail inner_;
};

class RecentTailTest : public ::testing::Test {
 protected:
  RecentTailTest() {
    for (int n = 0; n < 4; ++n) tail.follow(shard(n));
  }

  void append_here(int n, int records) { append(n, records, &recent); }
  void append_elsewhere(int n, int records) { append(n, records, nullptr); }

  // A wake-up: nothing says that another process has appended.
  static TailQuestion::Part told(int n, std::int64_t after, std::size_t records = 100) {
    return {shard(n), Position(after), records, false, false};
  }
  static TailQuestion::Part look(int n, std::int64_t after, std::size_t records = 100) {
    return {shard(n), Position(after), records, true, false};
  }
  // Nothing is known of the shard yet.
  static TailQuestion::Part more(int n, std::int64_t after, std::size_t records = 100) {
    return {shard(n), Position(after), records, false, true};
  }

  Places answer(std::vector<TailQuestion::Part> parts, std::size_t bytes_each = kLeastBytes) {
    tail.ask({std::move(parts), bytes_each, Epoch(1)});
    EXPECT_TRUE(tail.awaits());
    last = tail.take(out);
    EXPECT_FALSE(tail.awaits());
    Places places;
    for (const RecordedEvent& r : out) {
      places.emplace_back(r.shard.value, r.position.value);
      const std::vector<RecordedEvent> log = book.records(r.shard);
      const RecordedEvent& wanted = log.at(static_cast<std::size_t>(r.position.value - 1));
      EXPECT_EQ(r.stream, wanted.stream);
      EXPECT_EQ(r.version, wanted.version);
      EXPECT_EQ(r.type, wanted.type);
      EXPECT_EQ(r.payload, wanted.payload);
      EXPECT_EQ(r.metadata, wanted.metadata);
      EXPECT_EQ(r.recorded_at, wanted.recorded_at);
    }
    return places;
  }

  ManualClock clock;
  LogBook book{4, clock};
  events::RecentRecords recent{4 << 20};
  WatchedStore store{book.store()};
  RecentTail tail{recent, store, clock};
  std::vector<RecordedEvent> out;
  TailAnswer last;

 private:
  void append(int n, int records, events::RecentRecords* to) {
    book.hands_over = to;
    for (int i = 0; i < records; ++i) i % 2 == 0 ? book.append_event(shard(n)) : book.append_request(shard(n), "SKU-1");
  }
};

TEST_F(RecentTailTest, WhatWasAppendedHereCostsTheStoreNothing) {
  append_here(0, 2);
  append_here(2, 3);
  EXPECT_EQ(answer({told(2, 0), told(1, 0), told(0, 0)}), (Places{{2, 1}, {2, 2}, {2, 3}, {0, 1}, {0, 2}}));
  EXPECT_EQ(store.questions, 0);
  EXPECT_EQ(last.from_memory, 5U);
  EXPECT_FALSE(last.looked);
  EXPECT_EQ(last.untold, 0U);
  EXPECT_TRUE(answer({told(2, 3), told(1, 0), told(0, 2)}).empty());
  EXPECT_EQ(store.questions, 0) << "and that there is no more of it, nothing either";
}

TEST_F(RecentTailTest, PartsFromBothStandInTheOrderOfTheQuestion) {
  append_elsewhere(0, 2);
  append_here(1, 2);
  append_elsewhere(2, 3);
  append_here(3, 1);
  EXPECT_EQ(answer({look(3, 0), look(2, 0, 2), look(1, 0), look(0, 1)}), (Places{{3, 1}, {2, 1}, {2, 2}, {1, 1}, {1, 2}, {0, 2}}));
  EXPECT_EQ(store.questions, 1);
  EXPECT_EQ(store.asked, (Places{{2, 0}, {0, 1}}));
  EXPECT_EQ(last.from_memory, 3U);
  EXPECT_EQ(last.untold, 3U);
  EXPECT_TRUE(last.looked);
}

TEST_F(RecentTailTest, WhereNobodyHereAppendsTheStoreIsAskedWhenItIsTimeOrThereMayBeMore) {
  append_elsewhere(0, 5);
  EXPECT_TRUE(answer({told(0, 0)}).empty());
  EXPECT_EQ(answer({more(0, 0, 2)}), (Places{{0, 1}, {0, 2}}));
  EXPECT_FALSE(last.looked);
  EXPECT_EQ(answer({look(0, 2)}), (Places{{0, 3}, {0, 4}, {0, 5}}));
  EXPECT_EQ(store.questions, 2);
}

TEST_F(RecentTailTest, WhereWeAppendedLastTheStoreIsAskedWhenItIsTimeAndOursHaveStoppedComing) {
  append_here(0, 1);
  EXPECT_EQ(answer({told(0, 0)}), (Places{{0, 1}}));
  append_elsewhere(0, 1);
  clock.pass(RecentTail::kTrust / 2);
  EXPECT_TRUE(answer({look(0, 1)}).empty());
  append_here(0, 1);
  EXPECT_EQ(answer({told(0, 1)}), (Places{{0, 2}, {0, 3}})) << "what is from here shows what is not";
  append_here(0, 1);
  EXPECT_EQ(answer({told(0, 3)}), (Places{{0, 4}}));
  append_elsewhere(0, 1);
  clock.pass(RecentTail::kTrust);
  EXPECT_TRUE(answer({{shard(0), Position(4), 100, false, true}}).empty()) << "it is not time";
  EXPECT_EQ(answer({look(0, 4)}), (Places{{0, 5}}));
  EXPECT_EQ(last.untold, 0U) << "it may be ours, and on its way here: that is no reason to look more often";
  append_elsewhere(0, 1);
  EXPECT_EQ(answer({look(0, 5)}), (Places{{0, 6}}));
  EXPECT_EQ(last.untold, 1U);
}

TEST_F(RecentTailTest, WhoNoLongerWritesAShardLeavesItToBeLookedAtAtOnce) {
  append_here(0, 1);
  EXPECT_EQ(answer({told(0, 0)}), (Places{{0, 1}}));
  append_elsewhere(0, 1);
  EXPECT_TRUE(answer({look(0, 1)}).empty());
  const Shard revoked = shard(0);
  recent.drop({&revoked, 1});
  EXPECT_EQ(answer({look(0, 1)}), (Places{{0, 2}}));
}

TEST_F(RecentTailTest, AnothersRecordsBetweenOursComeFromTheStore) {
  append_here(0, 2);
  append_elsewhere(0, 2);
  append_here(0, 2);
  EXPECT_EQ(answer({told(0, 0)}), (Places{{0, 1}, {0, 2}}));
  EXPECT_TRUE(last.more);
  EXPECT_EQ(answer({told(0, 2, 3)}), (Places{{0, 3}, {0, 4}, {0, 5}}));
  EXPECT_EQ(store.questions, 1) << "that there is more was known, so it was no time to look";
  append_here(0, 3);
  EXPECT_EQ(answer({told(0, 5)}), (Places{{0, 6}, {0, 7}, {0, 8}, {0, 9}}));
  EXPECT_EQ(store.questions, 2) << "6 came while 1 and 2 were still here: it was not kept";
  append_here(0, 1);
  EXPECT_EQ(answer({told(0, 9)}), (Places{{0, 10}}));
  EXPECT_EQ(store.questions, 2);
}

TEST_F(RecentTailTest, WhoLagsGetsTheRestFromTheStoreAndThenEverythingFromMemoryAgain) {
  events::RecentRecords small(4'000);
  RecentTail lagging(small, store, clock);
  lagging.follow(shard(0));
  book.hands_over = &small;
  for (int i = 0; i < 100; ++i) book.append_event(shard(0));
  std::int64_t after = 0;
  std::size_t from_memory = 0;
  bool more = true;
  while (after < 100) {
    ASSERT_TRUE(more) << "it must be told that there is more";
    lagging.ask({{told(0, after, 30)}, kLeastBytes, Epoch(1)});
    const TailAnswer a = lagging.take(out);
    from_memory += a.from_memory;
    more = a.more || out.size() == 30;
    for (const RecordedEvent& r : out) ASSERT_EQ(r.position.value, ++after);
  }
  EXPECT_GT(from_memory, 0U);
  EXPECT_LT(from_memory, 50U);
  const int before = store.questions;
  for (int i = 0; i < 100; ++i) {
    book.append_event(shard(0));
    lagging.ask({{told(0, after, 30)}, kLeastBytes, Epoch(1)});
    lagging.take(out);
    ASSERT_EQ(out.size(), 1U);
    ASSERT_EQ(out[0].position.value, ++after);
  }
  EXPECT_EQ(store.questions, before);
}

TEST_F(RecentTailTest, APartEndsBeforeItsBytesAreExceededWhereverItIsFrom) {
  for (int i = 0; i < 4; ++i) {
    book.hands_over = &recent;
    book.append_event(shard(0), 200'000);
    book.hands_over = nullptr;
    book.append_event(shard(1), 200'000);
  }
  const std::size_t bytes = kLeastBytes;
  EXPECT_EQ(answer({look(0, 0), look(1, 0)}, bytes), (Places{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 1}, {1, 2}, {1, 3}, {1, 4}}));
  for (int i = 0; i < 6; ++i) {
    book.hands_over = &recent;
    book.append_event(shard(0), i == 0 ? 400'000 : 160'000);
    book.hands_over = nullptr;
    book.append_event(shard(1), i == 0 ? 400'000 : 160'000);
  }
  const Places some = answer({look(0, 4), look(1, 4)}, bytes);
  EXPECT_EQ(some, (Places{{0, 5}, {0, 6}, {0, 7}, {0, 8}, {1, 5}, {1, 6}, {1, 7}, {1, 8}}));
  EXPECT_EQ(last.from_memory, 4U);
  EXPECT_EQ(answer({told(0, 8)}, bytes), (Places{{0, 9}, {0, 10}}));
}

TEST_F(RecentTailTest, AfterAFailureOfTheStoreNothingIsMissing) {
  for (const bool at_once : {true, false}) {
    append_here(0, 2);
    append_elsewhere(1, 1);
    (at_once ? store.refuses : store.fails) = true;
    const std::int64_t in_0 = book.head(shard(0)).value - 2;
    const std::int64_t in_1 = book.head(shard(1)).value - 1;
    EXPECT_THROW(answer({look(0, in_0), look(1, in_1)}), events::StoreUnavailable);
    EXPECT_FALSE(tail.awaits());
    EXPECT_EQ(answer({told(0, in_0), look(1, in_1)}), (Places{{0, in_0 + 1}, {0, in_0 + 2}, {1, in_1 + 1}}));
  }
}

TEST_F(RecentTailTest, WhoReadsInAnotherEpochIsAnsweredByTheStore) {
  append_here(0, 2);
  tail.ask({{look(0, 0)}, kLeastBytes, Epoch(2)});
  last = tail.take(out);
  EXPECT_EQ(out.size(), 2U);
  EXPECT_EQ(last.from_memory, 0U);
  EXPECT_EQ(store.questions, 1);
}

TEST_F(RecentTailTest, NothingIsKeptForAReaderThatIsGone) {
  {
    RecentTail short_lived(recent, store, clock);
    short_lived.follow(shard(0));
    append_here(0, 2);
    tail.leave(shard(1));
    append_here(1, 2);
    EXPECT_GT(recent.bytes(), 0U);
  }
  EXPECT_EQ(recent.bytes(), 0U);
  EXPECT_EQ(answer({more(0, 0), more(1, 0)}), (Places{{0, 1}, {0, 2}, {1, 1}, {1, 2}}));
  EXPECT_EQ(last.from_memory, 0U);
}

}  // namespace
}  // namespace ordersaga::relay::testing
