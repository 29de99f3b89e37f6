// What every implementation of outbox-relay/cursor.h must do. To apply it, give a fixture with
//
//   std::unique_ptr<CursorStore> open();  // a new session with the one store, which is empty at first
//   void request_republish(int shard, std::int64_t from);      // as an operator
//   std::map<int, std::string> halts();                        // as an operator sees them
//
// and INSTANTIATE_TYPED_TEST_SUITE_P(My, CursorContract, MyCursors).
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "outbox-relay/cursor.h"

namespace ordersaga::relay {

template <class Cursors>
class CursorContract : public ::testing::Test {
 protected:
  static Cursor cursor(int shard, int epoch, std::int64_t position, std::int64_t offset, const std::string& cluster = "c1") {
    return {Shard(static_cast<std::int16_t>(shard)), Epoch(epoch), Position(position), offset, cluster};
  }
  void save(std::vector<Cursor> cursors) { store_->save(cursors); }
  // As another session sees it.
  std::optional<Cursor> load(int shard) { return cursors_.open()->load(Shard(static_cast<std::int16_t>(shard))); }

  Cursors cursors_;
  std::unique_ptr<CursorStore> store_ = cursors_.open();
};

TYPED_TEST_SUITE_P(CursorContract);

TYPED_TEST_P(CursorContract, AShardWithoutACursorHasNone) {
  EXPECT_EQ(this->load(0), std::nullopt);
}

TYPED_TEST_P(CursorContract, WhatIsSavedIsLoaded) {
  this->save({this->cursor(0, 1, 5, 4), this->cursor(3, 1, 9'000'000'000, 8'000'000'000, "other")});
  EXPECT_EQ(this->load(0), this->cursor(0, 1, 5, 4));
  EXPECT_EQ(this->load(3), this->cursor(3, 1, 9'000'000'000, 8'000'000'000, "other"));
  EXPECT_EQ(this->load(1), std::nullopt);
}

TYPED_TEST_P(CursorContract, ACursorNeverGoesBack) {
  this->save({this->cursor(0, 1, 5, 4), this->cursor(1, 1, 5, 4)});
  this->save({this->cursor(0, 1, 4, 9), this->cursor(1, 1, 6, 5)});
  EXPECT_EQ(this->load(0), this->cursor(0, 1, 5, 4));
  EXPECT_EQ(this->load(1), this->cursor(1, 1, 6, 5));
}

TYPED_TEST_P(CursorContract, ANewEpochBeginsAnywhereAndAnOldOneNeverReturns) {
  this->save({this->cursor(0, 1, 50, 49)});
  this->save({this->cursor(0, 2, 3, 60)});
  EXPECT_EQ(this->load(0), this->cursor(0, 2, 3, 60));
  this->save({this->cursor(0, 1, 70, 70)});
  EXPECT_EQ(this->load(0), this->cursor(0, 2, 3, 60));
}

TYPED_TEST_P(CursorContract, TheSamePositionMayMoveToAnotherOffsetAndCluster) {
  this->save({this->cursor(0, 1, 5, 4)});
  this->save({this->cursor(0, 1, 5, 12, "c2")});
  EXPECT_EQ(this->load(0), this->cursor(0, 1, 5, 12, "c2"));
}

TYPED_TEST_P(CursorContract, NothingToSaveIsNothing) {
  EXPECT_NO_THROW(this->save({}));
}

TYPED_TEST_P(CursorContract, WhatAnOperatorAskedForMovesTheCursorBackOnce) {
  this->save({this->cursor(0, 2, 50, 49), this->cursor(1, 2, 50, 49)});
  this->cursors_.request_republish(0, 11);
  this->cursors_.request_republish(1, 21);
  const std::vector<Shard> ours = {Shard(0), Shard(2)};
  const std::vector<Cursor> moved = this->store_->rewind(ours, Epoch(2), "c2");
  EXPECT_EQ(moved, std::vector<Cursor>{this->cursor(0, 2, 10, kSendAgain, "c2")});
  EXPECT_EQ(this->load(0), moved.at(0));
  EXPECT_EQ(this->load(1), this->cursor(1, 2, 50, 49)) << "another's";
  EXPECT_TRUE(this->store_->rewind(ours, Epoch(2), "c2").empty());
  this->save({this->cursor(0, 2, 11, 60, "c2")});
  EXPECT_EQ(this->load(0), this->cursor(0, 2, 11, 60, "c2"));
}

TYPED_TEST_P(CursorContract, HaltsAreShownUntilTheShardRunsAgain) {
  const std::vector<Shard> first = {Shard(0), Shard(1)};
  const std::vector<Shard> other = {Shard(2)};
  this->store_->show_halts(first, {{Shard(1), "why"}});
  this->store_->show_halts(other, {{Shard(2), "because"}});
  EXPECT_EQ(this->cursors_.halts(), (std::map<int, std::string>{{1, "why"}, {2, "because"}}));
  this->store_->show_halts(first, {});
  EXPECT_EQ(this->cursors_.halts(), (std::map<int, std::string>{{2, "because"}}));
}

REGISTER_TYPED_TEST_SUITE_P(CursorContract, AShardWithoutACursorHasNone, WhatIsSavedIsLoaded, ACursorNeverGoesBack,
                            ANewEpochBeginsAnywhereAndAnOldOneNeverReturns, TheSamePositionMayMoveToAnotherOffsetAndCluster,
                            NothingToSaveIsNothing, WhatAnOperatorAskedForMovesTheCursorBackOnce, HaltsAreShownUntilTheShardRunsAgain);

}  // namespace ordersaga::relay
