#include "events/epochs.h"

#include <gtest/gtest.h>

#include "events/memory_event_store.h"

namespace ordersaga::events {
namespace {

const Shard kA(0), kB(1);
// Shard A went back to 100 and then, with more written, to 40; shard B only the second time.
const std::vector<EpochStart> kStarts = {
    {Epoch(2), kA, Position(100)}, {Epoch(2), kB, Position(500)}, {Epoch(3), kA, Position(40)}, {Epoch(3), kB, Position(7)}};

TEST(Epochs, a_place_above_a_later_fork_goes_back_to_it_and_one_below_stays) {
  EXPECT_EQ(carried_over(kStarts, kA, Epoch(1), Position(120)), Position(40));
  EXPECT_EQ(carried_over(kStarts, kA, Epoch(2), Position(120)), Position(40));
  EXPECT_EQ(carried_over(kStarts, kA, Epoch(3), Position(120)), Position(120));
  EXPECT_EQ(carried_over(kStarts, kA, Epoch(1), Position(40)), Position(40));
  EXPECT_EQ(carried_over(kStarts, kB, Epoch(2), Position(8)), Position(7));
  EXPECT_EQ(carried_over({}, kA, Epoch(1), Position(9)), Position(9));
}

TEST(Epochs, a_record_belongs_to_the_last_epoch_that_starts_below_it) {
  EXPECT_EQ(epoch_of(kStarts, kA, Position(40)), Epoch(1));
  EXPECT_EQ(epoch_of(kStarts, kA, Position(41)), Epoch(3)) << "epoch 2 began at 101, and was undone down to 41";
  EXPECT_EQ(epoch_of(kStarts, kA, Position(101)), Epoch(3));
  EXPECT_EQ(epoch_of(kStarts, kB, Position(7)), Epoch(1));
  EXPECT_EQ(epoch_of({}, kB, Position(7)), Epoch(1));
}

// What must never happen: a position that was given again is dropped because an earlier epoch had it.
TEST(Epochs, what_is_recorded_again_is_never_a_duplicate_of_what_was_undone) {
  for (const EpochStart& start : kStarts)
    for (int e = 1; e < start.epoch.value; ++e)
      for (std::int64_t p = 1; p < 600; ++p) {
        Position checkpoint = carried_over(kStarts, start.shard, Epoch(e), Position(p));
        EXPECT_LE(checkpoint, start.after);
        if (Position(p) > start.after) {
          EXPECT_TRUE(is_undone(kStarts, start.shard, Epoch(e), Position(p)));
        }
      }
}

TEST(Epochs, of_a_log_in_memory_start_after_its_heads_or_where_they_are_told_to) {
  MemoryLog log({.shards = 2, .clock = [] { return Timestamp(std::chrono::seconds(1)); }, .hooks = {}});
  MemoryEventStore store(log);
  TurnWrite three;
  for (int i = 0; i < 3; ++i) three.records.push_back({kA, "", Version(0), TypeNumber(601), "p", "m"});
  three.inbox = {{{kA, "k", "m"}, "h", 2, ""}};
  auto commit = [&] {
    auto turn = store.begin(std::vector{kA});
    ASSERT_TRUE(std::holds_alternative<Written>(turn->write(three, turn->clock())));
    turn->commit();
  };
  commit();
  log.take_back(kA, Position(1));
  EXPECT_EQ(store.heads()[0].position, Position(1));
  commit();  // the command is not known any more
  EXPECT_EQ(store.heads()[0].position, Position(4));
  log.begin_epoch(std::vector{ShardPosition{kA, Position(1)}});
  EXPECT_EQ(store.epoch(), Epoch(2));
  auto starts = store.epoch_starts();
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_EQ(starts[0].after, Position(1));
  EXPECT_EQ(starts[1].after, Position(0));
  EXPECT_EQ(epoch_of(starts, kA, Position(2)), Epoch(2));
}

}  // namespace
}  // namespace ordersaga::events
