// What every implementation of outbox-relay/cursor.h must do. To apply it, give a fixture with
//
//   std::unique_ptr<CursorStore> open();  // a new session with the one store, which is empty at first
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

REGISTER_TYPED_TEST_SUITE_P(CursorContract, AShardWithoutACursorHasNone, WhatIsSavedIsLoaded, ACursorNeverGoesBack,
                            ANewEpochBeginsAnywhereAndAnOldOneNeverReturns, TheSamePositionMayMoveToAnotherOffsetAndCluster,
                            NothingToSaveIsNothing);

}  // namespace ordersaga::relay
