// What every implementation of projections/read_store.h must do. To apply it, give a fixture
//
//   struct MyStores {
//     std::unique_ptr<ReadStore> open();  // a new session on the one set of tables, which are empty
//   };
//
// and INSTANTIATE_TYPED_TEST_SUITE_P(My, ReadStoreContract, MyStores).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "events/errors.h"
#include "projections/order_summary/rows.h"
#include "projections/parking.h"
#include "projections/read_store.h"
#include "projections/saga_status/saga_status.h"
#include "projections/stock_levels/stock_levels.h"

namespace ordersaga::projections::contract {

template <class Stores>
class ReadStoreContract : public ::testing::Test {
 protected:
  Stores stores_;
};

TYPED_TEST_SUITE_P(ReadStoreContract);

inline constexpr Timestamp kNow = Timestamp(std::chrono::microseconds(1'800'000'000'123'456));
inline constexpr Shard kShard = Shard(3);

inline order_summary::Order order(const std::string& id, const std::string& status = "PENDING") {
  order_summary::Order o;
  o.order_id = id;
  o.shard = kShard;
  o.status = status;
  o.currency = "EUR";
  o.total_minor = 9'007'199'254'740'993;  // no double holds it
  o.created_at = kNow;
  o.updated_at = kNow;
  o.position = Position(7);
  return o;
}
inline Row row(const order_summary::Order& o) {
  return to_row(o);
}
inline std::vector<std::string> names() {
  return {"order_summary", "saga_status"};
}
inline std::vector<Shard> shards() {
  return {Shard(1), kShard};
}

inline void write(ReadStore& store, const order_summary::Order& o) {
  auto transaction = store.begin();
  transaction->upsert(block_of<order_summary::Order>({o}));
  transaction->commit();
}
inline std::vector<order_summary::Order> orders(ReadStore& store, const std::vector<std::string>& ids) {
  std::vector<Row> keys;
  for (const std::string& id : ids) keys.push_back({id});
  std::vector<order_summary::Order> found;
  auto transaction = store.begin();
  for (const Row& cells : transaction->select(table_of<order_summary::Order>(), keys))
    found.push_back(from_row<order_summary::Order>(cells));
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.order_id < b.order_id; });
  return found;
}
inline Advance move(std::int64_t from, std::int64_t to, Epoch epoch = Epoch(1)) {
  return {"order_summary", kShard, epoch, Position(from), Position(to)};
}
inline Position position(ReadStore& store) {
  for (const Checkpoint& c : store.open_checkpoints(names(), shards(), Epoch(1), kNow))
    if (c.projection == "order_summary" && c.shard == kShard) return c.position;
  return Position(-1);
}

TYPED_TEST_P(ReadStoreContract, makes_missing_checkpoints_at_the_start_of_the_epoch_and_keeps_them) {
  auto store = this->stores_.open();
  auto opened = store->open_checkpoints(names(), shards(), Epoch(2), kNow);
  ASSERT_EQ(opened.size(), 4u);
  for (const Checkpoint& c : opened) {
    EXPECT_EQ(c.position, Position(0));
    EXPECT_EQ(c.epoch, Epoch(2));
  }
  for (const Checkpoint& c : this->stores_.open()->open_checkpoints(names(), shards(), Epoch(9), kNow)) EXPECT_EQ(c.epoch, Epoch(2));
}

TYPED_TEST_P(ReadStoreContract, carries_a_checkpoint_over_unless_it_has_moved) {
  auto store = this->stores_.open();
  auto opened = store->open_checkpoints(names(), shards(), Epoch(1), kNow);
  opened[0].position = Position(5);  // not where it is
  store->carry_over(opened, Epoch(3));
  int carried = 0;
  for (const Checkpoint& c : store->open_checkpoints(names(), shards(), Epoch(1), kNow)) carried += c.epoch == Epoch(3);
  EXPECT_EQ(carried, 3);
}

TYPED_TEST_P(ReadStoreContract, gives_back_what_was_written_to_the_last_bit) {
  auto store = this->stores_.open();
  auto written = order("o1");
  written.notes = "a \"quoted\" \\ text, with {braces}, NULL, a\nline and \xC3\xA9";
  written.completed_at = Timestamp(std::chrono::microseconds(-1));
  write(*store, written);
  write(*store, order("o2"));
  auto found = orders(*this->stores_.open(), {"o2", "o1", "o3"});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(row(found[0]), row(written));
  EXPECT_EQ(found[0].created_at, kNow);
  EXPECT_FALSE(found[1].completed_at);
}

TYPED_TEST_P(ReadStoreContract, upsert_replaces_and_append_leaves_what_is_there) {
  auto store = this->stores_.open();
  write(*store, order("o1", "PENDING"));
  write(*store, order("o1", "CONFIRMED"));
  EXPECT_EQ(orders(*store, {"o1"}).at(0).status, "CONFIRMED");
  {
    auto transaction = store->begin();
    std::vector<Row> rows{row(order("o1", "READY")), row(order("o2", "READY"))};
    transaction->append(table_of<order_summary::Order>(), rows);
    transaction->commit();
  }
  auto found = orders(*store, {"o1", "o2"});
  EXPECT_EQ(found.at(0).status, "CONFIRMED");
  EXPECT_EQ(found.at(1).status, "READY");
}

TYPED_TEST_P(ReadStoreContract, insert_refuses_a_row_that_is_there) {
  auto store = this->stores_.open();
  write(*store, order("o1"));
  {
    auto transaction = store->begin();
    EXPECT_THROW(transaction->insert(block_of<order_summary::Order>({order("o2"), order("o1")})), events::BadData);
  }
  EXPECT_EQ(orders(*store, {"o1", "o2"}).size(), 1u);
  auto transaction = store->begin();
  transaction->insert(block_of<order_summary::Order>({order("o2"), order("o3")}));
  transaction->commit();
  EXPECT_EQ(orders(*store, {"o1", "o2", "o3"}).size(), 3u);
}

TYPED_TEST_P(ReadStoreContract, update_changes_what_may_change_and_refuses_a_row_that_is_not_there) {
  auto store = this->stores_.open();
  write(*store, order("o1"));
  auto changed = order("o1", "READY");
  changed.customer_id = "never written again";
  changed.cancelled_at = kNow;
  {
    auto transaction = store->begin();
    transaction->update(block_of<order_summary::Order>({changed}, Part::changing));
    transaction->commit();
  }
  auto found = orders(*store, {"o1"});
  EXPECT_EQ(found.at(0).status, "READY");
  EXPECT_EQ(found.at(0).cancelled_at, kNow);
  EXPECT_EQ(found.at(0).customer_id, "");
  auto transaction = store->begin();
  EXPECT_THROW(transaction->update(block_of<order_summary::Order>({changed, order("o2")}, Part::changing)), events::BadData);
}

TYPED_TEST_P(ReadStoreContract, selects_by_the_first_columns_of_the_key) {
  auto store = this->stores_.open();
  std::vector<saga_status::Saga> rows;
  for (const char* id : {"o1", "o1", "o10", "o2"}) {
    saga_status::Saga s;
    s.order_id = id;
    s.type = "type" + std::to_string(rows.size());
    s.started_at = s.updated_at = kNow;
    rows.push_back(s);
  }
  auto transaction = store->begin();
  transaction->upsert(block_of(rows));
  std::vector<Row> keys{{"o1"}, {"o3"}};
  auto found = transaction->select(table_of<saga_status::Saga>(), keys);
  ASSERT_EQ(found.size(), 2u);
  for (const Row& r : found) EXPECT_EQ(r[0], "o1");
}

TYPED_TEST_P(ReadStoreContract, selects_by_a_key_of_texts_and_numbers) {
  auto store = this->stores_.open();
  stock_levels::LevelPart part;
  part.sku = "SKU-1";
  part.location = "ams";
  part.shard = kShard;
  part.on_hand = -5;
  part.updated_at = kNow;
  auto other = part;
  other.shard = Shard(1);
  auto transaction = store->begin();
  transaction->insert(block_of<stock_levels::LevelPart>({part, other}));
  std::vector<Row> keys{{"SKU-1", "ams", "3"}};
  auto found = transaction->select(table_of<stock_levels::LevelPart>(), keys);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0], to_row(part));
}

TYPED_TEST_P(ReadStoreContract, rows_and_checkpoint_are_written_together_or_not_at_all) {
  auto store = this->stores_.open();
  store->open_checkpoints(names(), shards(), Epoch(1), kNow);
  write(*store, order("o1", "PENDING"));
  auto half = [&](bool committed) {
    auto transaction = store->begin();
    std::vector<Advance> moves{move(0, 5)};
    EXPECT_TRUE(transaction->advance(moves, kNow));
    transaction->upsert(block_of<order_summary::Order>({order("o1", "READY"), order("o2")}));
    if (committed) transaction->commit();
  };
  half(false);
  EXPECT_EQ(position(*store), Position(0));
  ASSERT_EQ(orders(*store, {"o1", "o2"}).size(), 1u);
  EXPECT_EQ(orders(*store, {"o1"}).at(0).status, "PENDING");
  half(true);
  EXPECT_EQ(position(*store), Position(5));
  EXPECT_EQ(orders(*store, {"o1", "o2"}).size(), 2u);
}

TYPED_TEST_P(ReadStoreContract, a_checkpoint_moves_only_from_where_it_is_believed_to_be) {
  auto store = this->stores_.open();
  store->open_checkpoints(names(), shards(), Epoch(1), kNow);
  auto try_move = [&](std::vector<Advance> moves) {
    auto transaction = store->begin();
    bool moved = transaction->advance(moves, kNow);
    if (moved) transaction->commit();
    return moved;
  };
  EXPECT_TRUE(try_move({move(0, 5)}));
  EXPECT_FALSE(try_move({move(0, 5)}));
  EXPECT_FALSE(try_move({move(5, 9, Epoch(2))}));
  EXPECT_FALSE(try_move({move(5, 9), {"saga_status", kShard, Epoch(1), Position(4), Position(9)}}));
  EXPECT_EQ(position(*store), Position(5));
  EXPECT_TRUE(try_move({move(5, 9)}));
}

TYPED_TEST_P(ReadStoreContract, refuses_a_text_with_a_nul_and_goes_on) {
  auto store = this->stores_.open();
  auto bad = order("o1");
  bad.notes = std::string("a\0b", 3);
  EXPECT_THROW(write(*store, bad), events::BadData);
  write(*store, order("o2"));
  EXPECT_EQ(orders(*store, {"o1", "o2"}).size(), 1u);
}

TYPED_TEST_P(ReadStoreContract, a_snapshot_gives_checkpoints_and_a_shards_rows) {
  auto store = this->stores_.open();
  store->open_checkpoints(names(), shards(), Epoch(1), kNow);
  write(*store, order("o1"));
  auto elsewhere = order("o2");
  elsewhere.shard = Shard(1);
  write(*store, elsewhere);
  auto snapshot = store->snapshot();
  EXPECT_EQ(snapshot->checkpoints().size(), 4u);
  std::vector<Row> seen;
  snapshot->scan(table_of<order_summary::Order>(), kShard, [&](Row&& r) { seen.push_back(std::move(r)); });
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0], row(order("o1")));
}

REGISTER_TYPED_TEST_SUITE_P(ReadStoreContract, makes_missing_checkpoints_at_the_start_of_the_epoch_and_keeps_them,
                            carries_a_checkpoint_over_unless_it_has_moved, gives_back_what_was_written_to_the_last_bit,
                            upsert_replaces_and_append_leaves_what_is_there, insert_refuses_a_row_that_is_there,
                            update_changes_what_may_change_and_refuses_a_row_that_is_not_there, selects_by_the_first_columns_of_the_key,
                            selects_by_a_key_of_texts_and_numbers, rows_and_checkpoint_are_written_together_or_not_at_all,
                            a_checkpoint_moves_only_from_where_it_is_believed_to_be, refuses_a_text_with_a_nul_and_goes_on,
                            a_snapshot_gives_checkpoints_and_a_shards_rows);

}  // namespace ordersaga::projections::contract
