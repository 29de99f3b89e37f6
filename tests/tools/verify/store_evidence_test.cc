#include "tools/verify/store_evidence.h"

#include <gtest/gtest.h>

#include "events/memory_event_store.h"
#include "ordersaga/common/v1/reply.pb.h"
#include "tests/tools/verify/history.h"

namespace ordersaga::verify::test {
namespace {

events::MemoryLog::Options options() {
  events::MemoryLog::Options options;
  options.shards = kShards;
  options.clock = [] { return Timestamp(std::chrono::seconds(1'700'000'000)); };
  return options;
}

// Writes one turn with a received SKU, its input record and its inbox row, in shard `of_key`.
void write_turn(events::EventStore& store, const std::string& sku) {
  History source;
  source.receive(sku, "ams", 5);
  Shard shard = shard_of(sku, store.shards());
  events::TurnWrite turn;
  for (const events::RecordedEvent& r : source.log_of(sku))
    turn.records.push_back({shard, r.stream, r.version, r.type, r.payload, r.metadata});
  const InboxRow& row = source.inboxes[source.index(sku)].rows.front();
  turn.inbox.push_back({{shard, sku, row.message_id}, bytes_of(row.hash), 0, "test/0/0"});
  turn.stock.push_back({sku, "ams", 5, 0, true});
  auto transaction = store.begin({&shard, 1});
  ASSERT_TRUE(std::holds_alternative<events::Written>(transaction->write(turn, transaction->clock())));
  transaction->commit();
}

std::vector<Finding> judge(events::EventStore& store) {
  StoreLog log(store);
  QuietStoreTables tables(store);
  return check({.log = &log, .tables = &tables}, {Group::log, Group::money, Group::stock, Group::sagas}).findings.kept();
}

TEST(StoreEvidence, OfAStoreWithTurnsIsClean) {
  events::MemoryLog memory(options());
  events::MemoryEventStore store(memory);
  for (int i = 0; i < 20; ++i) write_turn(store, "SKU-" + std::to_string(i));
  for (const Finding& f : judge(store)) ADD_FAILURE() << f.invariant << " " << f.subject << ": " << f.expected << " / " << f.found;
}

TEST(StoreEvidence, ShowsALevelThatNoEventMade) {
  events::MemoryLog memory(options());
  events::MemoryEventStore store(memory);
  write_turn(store, "SKU-1");
  Shard shard(0);
  auto transaction = store.begin({&shard, 1});
  events::TurnWrite turn;
  turn.stock.push_back({"SKU-1", "ams", 1, 0, false});
  ASSERT_TRUE(std::holds_alternative<events::Written>(transaction->write(turn, transaction->clock())));
  transaction->commit();
  EXPECT_EQ(broken(judge(store)), std::vector<std::string>{"I7"});
}

TEST(StoreEvidence, ShowsAWakeUpOfNoSaga) {
  events::MemoryLog memory(options());
  events::MemoryEventStore store(memory);
  Shard shard = shard_of("x", kShards);
  auto transaction = store.begin({&shard, 1});
  events::TurnWrite turn;
  turn.wakeups.push_back({shard, "saga-place_order-x", transaction->clock(), false});
  ASSERT_TRUE(std::holds_alternative<events::Written>(transaction->write(turn, transaction->clock())));
  transaction->commit();
  EXPECT_EQ(broken(judge(store)), std::vector<std::string>{"I8"});
}

}  // namespace
}  // namespace ordersaga::verify::test
