#include "projections/working_rows.h"

#include <gtest/gtest.h>

#include "events/errors.h"
#include "projections/memory_read_store.h"
#include "projections/stock_levels/stock_levels.h"

namespace ordersaga::projections::testing {
namespace {

using stock_levels::LevelPart;

// Counts what is asked of the store.
class CountingTransaction final : public ReadTransaction {
 public:
  explicit CountingTransaction(ReadStore& store) : inner_(store.begin()) {}
  bool advance(std::span<const Advance> moves, Timestamp now) override { return inner_->advance(moves, now); }
  std::vector<Row> select(const Table& table, std::span<const Row> keys) override {
    selected += keys.size();
    return inner_->select(table, keys);
  }
  void insert(const RowBlock& rows) override {
    inserted += rows.size();
    inner_->insert(rows);
  }
  void update(const RowBlock& rows) override {
    updated += rows.size();
    inner_->update(rows);
  }
  void upsert(const RowBlock& rows) override {
    upserted += rows.size();
    inner_->upsert(rows);
  }
  void append(const Table& table, std::span<const Row> rows) override { inner_->append(table, rows); }
  void erase(const Table& table, std::span<const Row> keys) override { inner_->erase(table, keys); }
  void commit() override { inner_->commit(); }
  std::size_t selected = 0, inserted = 0, updated = 0, upserted = 0;

 private:
  std::unique_ptr<ReadTransaction> inner_;
};

class WorkingRowsTest : public ::testing::Test {
 protected:
  // One batch in which each SKU gets one unit more; returns what it cost.
  struct Cost {
    std::size_t selected, inserted, updated, upserted;
    bool operator==(const Cost&) const = default;
  };
  Cost receive(const std::vector<std::string>& skus, Trust trust = Trust::fast, bool new_ones = false) {
    CountingTransaction transaction(store_);
    rows_.begin(trust);
    for (const std::string& sku : skus) new_ones ? rows_.expect_none(sku, kHere, kShard) : rows_.want(sku, kHere, kShard);
    rows_.load(transaction);
    for (const std::string& sku : skus) {
      LevelPart* part = rows_.find(sku, kHere, kShard);
      if (part == nullptr) {
        LevelPart fresh;
        fresh.sku = sku;
        fresh.location = kHere;
        fresh.shard = kShard;
        part = &rows_.put(fresh, sku, kHere, kShard);
      }
      ++part->on_hand;
    }
    rows_.write(transaction);
    transaction.commit();
    rows_.settle();
    return {transaction.selected, transaction.inserted, transaction.updated, transaction.upserted};
  }
  std::int64_t units(const std::string& sku) {
    return from_row<LevelPart>(tables_.rows["stock_level_parts"].at(joined_key(sku, kHere, kShard))).on_hand;
  }

  const std::string kHere = "ams";
  static constexpr Shard kShard{2};
  MemoryReadTables tables_;
  MemoryReadStore store_{tables_};
  WorkingRows<LevelPart> rows_;
};

TEST_F(WorkingRowsTest, a_row_is_loaded_once_and_written_once_a_batch) {
  EXPECT_EQ(receive({"a", "b", "a", "a"}), (Cost{2, 2, 0, 0}));
  EXPECT_EQ(receive({"a", "a"}), (Cost{0, 0, 1, 0}));
  rows_.forget();
  EXPECT_EQ(receive({"a", "b"}), (Cost{2, 0, 2, 0}));
  EXPECT_EQ(units("a"), 6);
  EXPECT_EQ(units("b"), 2);
}

TEST_F(WorkingRowsTest, what_cannot_exist_is_not_asked_for) {
  EXPECT_EQ(receive({"a", "b"}, Trust::fast, true), (Cost{0, 2, 0, 0}));
}

TEST_F(WorkingRowsTest, who_is_careful_loads_everything_and_writes_it_whether_or_not_it_is_there) {
  receive({"a"});
  EXPECT_EQ(receive({"a", "b"}, Trust::careful, true), (Cost{2, 0, 0, 2}));
  EXPECT_EQ(units("a"), 2);
}

TEST_F(WorkingRowsTest, a_row_wrongly_taken_for_new_is_refused_and_not_doubled) {
  receive({"a"});
  rows_.forget();
  EXPECT_THROW(receive({"a"}, Trust::fast, true), events::BadData);
  EXPECT_EQ(units("a"), 1);
}

TEST_F(WorkingRowsTest, rows_long_untouched_are_let_go) {
  rows_ = WorkingRows<LevelPart>(100 * 1'000);
  for (int i = 0; i < 5'000; ++i) receive({"hot", "sku-" + std::to_string(i)}, Trust::fast, false);
  EXPECT_LT(rows_.kept(), 1'000u);
  EXPECT_GT(rows_.kept(), 100u);
  EXPECT_EQ(receive({"hot"}), (Cost{0, 0, 1, 0}));
  EXPECT_EQ(receive({"sku-1"}), (Cost{1, 0, 1, 0}));
  EXPECT_EQ(units("hot"), 5'001);
  EXPECT_EQ(units("sku-1"), 2);
}

}  // namespace
}  // namespace ordersaga::projections::testing
