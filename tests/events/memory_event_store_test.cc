#include "events/memory_event_store.h"

#include "tests/contract/event_store_contract.h"

namespace ordersaga::events {
namespace {

Timestamp wall_clock() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

struct MemoryStores {
  static constexpr int kShards = 4;
  MemoryLog log{{.shards = kShards, .lock_timeout = std::chrono::milliseconds(500), .clock = wall_clock, .hooks = {}}};
  std::unique_ptr<EventStore> open() { return std::make_unique<MemoryEventStore>(log); }
  void submit(Shard shard, const std::string& key, const std::string& id, const std::string& type, const std::string& content_type,
              const std::string& data) {
    log.submit({0, shard, key, id, type, content_type, "operator", data});
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, EventStoreLogContract, MemoryStores);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, EventStoreTablesContract, MemoryStores);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, EventStoreOperatorsContract, MemoryStores);

// Faults that a simulation injects.
struct MemoryEventStoreTest : ::testing::Test {
  CommitFate fate = CommitFate::done;
  bool begin_fails = false;
  bool write_fails = false;
  MemoryLog log{{.shards = 2,
                 .clock = [] { return Timestamp(std::chrono::seconds(1000)); },
                 .hooks = {.before_begin =
                               [this](auto) {
                                 if (begin_fails) throw StoreUnavailable("begin");
                               },
                           .before_write =
                               [this](const TurnWrite&) {
                                 if (write_fails) throw StoreUnavailable("write");
                               },
                           .at_commit = [this](const TurnWrite&) { return fate; }}}};
  MemoryEventStore store{log};
  MemoryEventStore other{log};
  std::vector<Shard> zero{Shard(0)};

  void commit_one() {
    auto turn = store.begin(zero);
    TurnWrite what;
    what.records = {streamless(Shard(0))};
    turn->write(what, turn->clock());
    turn->commit();
  }
  std::int64_t head() { return store.heads()[0].position.value; }
};

TEST_F(MemoryEventStoreTest, without_a_lock_timeout_a_held_shard_is_busy_at_once) {
  auto turn = store.begin(zero);
  EXPECT_THROW(other.begin(zero), ShardBusy);
  EXPECT_NO_THROW(other.begin(std::vector{Shard(1)}));
}

TEST_F(MemoryEventStoreTest, a_begin_that_gets_only_some_of_its_shards_holds_none) {
  auto turn = store.begin(std::vector{Shard(1)});
  EXPECT_THROW(other.begin(std::vector{Shard(0), Shard(1)}), ShardBusy);
  EXPECT_NO_THROW(store.begin(zero));
}

TEST_F(MemoryEventStoreTest, the_clock_is_the_callers) {
  EXPECT_EQ(store.begin(zero)->clock(), Timestamp(std::chrono::seconds(1000)));
}

TEST_F(MemoryEventStoreTest, a_refused_commit_writes_nothing_and_frees_the_shard) {
  fate = CommitFate::refused;
  EXPECT_THROW(commit_one(), StoreUnavailable);
  EXPECT_EQ(head(), 0);
  fate = CommitFate::done;
  commit_one();
  EXPECT_EQ(head(), 1);
}

TEST_F(MemoryEventStoreTest, a_lost_commit_is_in_doubt_and_not_done) {
  fate = CommitFate::lost;
  EXPECT_THROW(commit_one(), CommitInDoubt);
  EXPECT_EQ(head(), 0);
  EXPECT_NO_THROW(other.begin(zero));
}

TEST_F(MemoryEventStoreTest, an_unheard_commit_is_in_doubt_and_done) {
  fate = CommitFate::unheard;
  EXPECT_THROW(commit_one(), CommitInDoubt);
  EXPECT_EQ(head(), 1);
}

TEST_F(MemoryEventStoreTest, a_commit_in_flight_keeps_its_shard_until_it_is_resolved) {
  for (bool applied : {false, true}) {
    fate = CommitFate::in_flight;
    EXPECT_THROW(commit_one(), CommitInDoubt);
    EXPECT_EQ(log.in_flight(), 1u);
    EXPECT_EQ(head(), 0);
    EXPECT_THROW(other.begin(zero), ShardBusy);
    log.resolve_in_flight(0, applied);
    EXPECT_EQ(other.begin(zero)->heads()[0].position, Position(applied ? 1 : 0));
    EXPECT_EQ(log.in_flight(), 0u);
  }
}

TEST_F(MemoryEventStoreTest, faults_before_begin_and_write_leave_the_shard_free) {
  begin_fails = true;
  EXPECT_THROW(store.begin(zero), StoreUnavailable);
  begin_fails = false;
  write_fails = true;
  EXPECT_THROW(commit_one(), StoreUnavailable);
  write_fails = false;
  EXPECT_NO_THROW(commit_one());
}

}  // namespace
}  // namespace ordersaga::events
