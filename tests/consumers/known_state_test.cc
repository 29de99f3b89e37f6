// What a lane holds from turn to turn: bounded in bytes, and truly counted.
#include "consumers/known_state.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/consumers/lane_fixture.h"

namespace {
// Of the whole program, as the allocator gave it.
std::atomic<std::int64_t> allocated = 0;
}  // namespace

void* operator new(std::size_t size) {
  void* piece = std::malloc(size);
  if (piece == nullptr) throw std::bad_alloc();
  allocated += static_cast<std::int64_t>(malloc_usable_size(piece));
  return piece;
}
void operator delete(void* piece) noexcept {
  allocated -= static_cast<std::int64_t>(malloc_usable_size(piece));
  std::free(piece);
}
void operator delete(void* piece, std::size_t) noexcept {
  operator delete(piece);
}

namespace ordersaga::consumers {
namespace {

class Known : public LaneFixture {
 protected:
  Known() {
    receive("SKU-1", 1'000'000);
    for (int i = 0; i < kOrders; ++i) a_->lane.offer(message(order(i), place(order(i)), "place-" + order(i)));
    a_->run();
  }
  static std::string order(int i) { return "an-order-whose-id-is-not-short-" + std::to_string(i); }

  // A turn that needs these orders and changes nothing.
  void need(KnownState& known, const std::vector<int>& orders) {
    std::vector<sagas::Input> inputs;
    for (int i : orders) inputs.emplace_back(sagas::ResumeInput{sagas::saga_stream("place_order", order(i))});
    turn(known, inputs);
  }
  void turn(KnownState& known, const std::vector<sagas::Input>& inputs) {
    events::MemoryEventStore store(log_);
    std::vector<Shard> all;
    for (std::int16_t s = 0; s < kShards; ++s) all.emplace_back(s);
    auto transaction = store.begin(all);
    known.check(*transaction);
    known.load(*transaction, inputs, events::LockRows::no);
    std::vector<events::ShardPosition> heads;
    for (const events::ShardHead& head : transaction->heads()) heads.push_back({head.shard, head.position});
    known.committed(transaction->epoch(), heads, inputs);
  }
  static std::vector<int> from_to(int from, int to) {
    std::vector<int> out;
    for (int i = from; i < to; ++i) out.push_back(i);
    return out;
  }

  static constexpr int kOrders = 400;
};

TEST_F(Known, WhatItSaysThatItHoldsIsWhatItTakes) {
  KnownState known(kShards, std::size_t{1} << 30);
  need(known, from_to(0, 1));  // what is made once is made now
  const std::int64_t before = allocated;
  const std::size_t said_before = known.bytes();
  need(known, from_to(1, kOrders));
  const auto takes = static_cast<double>(allocated - before);
  const auto says = static_cast<double>(known.bytes() - said_before);
  ASSERT_EQ(known.working_set().cases.size(), static_cast<std::size_t>(kOrders));
  EXPECT_GT(says, 0.8 * takes);
  EXPECT_LT(says, 1.25 * takes);
  RecordProperty("bytes_of_an_order", static_cast<int>(takes / (kOrders - 1)));
  for (std::int16_t s = 0; s < kShards; ++s) known.forget(Shard(s));
  EXPECT_EQ(known.bytes(), 0U);
}

TEST_F(Known, ItsBytesAreBoundedAndWhatIsNeededOftenStays) {
  KnownState known(kShards, 100'000);
  for (int i = 1; i < kOrders; ++i) {
    need(known, {0, i});
    ASSERT_LE(known.bytes(), 100'000U);
  }
  EXPECT_GT(known.working_set().cases.size(), 10U);
  EXPECT_LT(known.working_set().cases.size(), static_cast<std::size_t>(kOrders) / 2);
  EXPECT_EQ(known.misses(), static_cast<std::uint64_t>(kOrders)) << "each was read once, and the first was never let go";
  need(known, {1});
  EXPECT_EQ(known.misses(), kOrders + 1U) << "the second was";
}

TEST_F(Known, AnOrderThatGrowsIsWeighedAnew) {
  KnownState known(kShards, std::size_t{1} << 30);
  need(known, {0});
  const std::size_t small = known.bytes();
  known.working_set().cases.at(order(0)).order.state.payment_token = std::string(10'000, 'x');
  need(known, {0, 0});
  EXPECT_GE(known.bytes(), small + 9'000);
  EXPECT_LE(known.bytes(), small + 11'000);
}

TEST_F(Known, StockItemsAreBoundedToo) {
  KnownState known(kShards, 50'000);
  google::protobuf::Arena arena;
  for (int i = 0; i < 2'000; ++i) {
    inventory::v1::ReceiveStock command;
    command.set_sku("SKU-" + std::to_string(i));
    sagas::CommandInput input;
    input.message = &command;
    input.key = command.sku();
    turn(known, {input});
    ASSERT_LE(known.bytes(), 50'000U);
  }
  EXPECT_FALSE(known.working_set().stock_items.empty());
}

}  // namespace
}  // namespace ordersaga::consumers
