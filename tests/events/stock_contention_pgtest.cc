// Many writers of many shards on the same few rows of stock, in opposite orders.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "events/errors.h"
#include "events/postgres_event_store.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using testing_support::TestDatabase;

constexpr int kWriters = 8;
constexpr int kSkus = 12;

std::string sku(int n) {
  return "sku-" + std::to_string(100 + n);
}

struct StockContention : ::testing::Test {
  TestDatabase database{{.shards = kWriters}};
  Connection admin{database.target()};

  void SetUp() override {
    // In an order of the heap that is not the key's.
    admin.exec(
        "INSERT INTO log.stock (sku, location, on_hand, reserved) "
        "SELECT 'sku-' || 100 + n, 'ams', 1000000, 0 FROM generate_series(0, " +
        std::to_string(kSkus - 1) + ") AS n ORDER BY (n * 7) % 12");
  }
  std::int64_t deadlocks() {
    return admin.exec("SELECT pg_stat_force_next_flush(), deadlocks FROM pg_stat_database WHERE datname = current_database()")
        .integer(0, 1);
  }
  // Each writer on a thread of its own; gives how many tries were lost to others.
  template <class Work>
  int run(int rounds, Work work) {
    std::atomic<int> lost = 0;
    std::vector<std::thread> threads;
    for (int w = 0; w < kWriters; ++w)
      threads.emplace_back([&, w] {
        try {
          work(w, rounds, lost);
        } catch (const std::exception& e) {
          ADD_FAILURE() << e.what();
        }
      });
    for (std::thread& t : threads) t.join();
    return lost;
  }
};

TEST_F(StockContention, turns_that_name_the_same_rows_in_opposite_orders_never_deadlock_and_lose_no_unit) {
  constexpr int kRounds = 25;
  int lost = run(kRounds, [&](int w, int rounds, std::atomic<int>& lost_tries) {
    PostgresEventStore store({.target = database.target_as("ordersaga_writer", "-c lock_timeout=30s")});
    Shard shard(static_cast<std::int16_t>(w));
    for (int done = 0; done < rounds;) {
      TurnWrite turn;
      turn.records = {{shard, "", Version(0), TypeNumber(601), "p", "m"}};
      for (int i = 0; i < kSkus; ++i) turn.stock.push_back({sku(w % 2 == 0 ? i : kSkus - 1 - i), "ams", -1, 1, false});
      try {
        auto transaction = store.begin(std::vector{shard});
        ASSERT_TRUE(
            std::holds_alternative<Written>(transaction->write(turn, std::max(transaction->clock(), transaction->heads()[0].recorded_at))));
        transaction->commit();
        ++done;
      } catch (const StoreUnavailable&) {
        ++lost_tries;  // decided anew
      }
    }
  });
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(deadlocks(), 0);
  EXPECT_EQ(admin.exec("SELECT sum(1000000 - on_hand) FROM log.stock").integer(0, 0), kWriters * kRounds * kSkus);
  EXPECT_EQ(admin.exec("SELECT sum(reserved) FROM log.stock").integer(0, 0), kWriters * kRounds * kSkus);
}

// The last unit is sold once, however many want it: the guard and the change see one moment.
TEST_F(StockContention, the_last_units_are_given_once) {
  admin.exec("UPDATE log.stock SET on_hand = 100");
  std::atomic<int> got = 0;
  run(40, [&](int w, int rounds, std::atomic<int>&) {
    PostgresEventStore store({.target = database.target_as("ordersaga_writer", "-c lock_timeout=30s")});
    Shard shard(static_cast<std::int16_t>(w));
    for (int i = 0; i < rounds; ++i) {
      TurnWrite turn;
      turn.stock = {{sku(0), "ams", -1, 1, false}};
      auto transaction = store.begin(std::vector{shard});
      if (!std::holds_alternative<Written>(transaction->write(turn, transaction->clock()))) continue;
      transaction->commit();
      ++got;
    }
  });
  EXPECT_EQ(got, 100);
  EXPECT_EQ(admin.exec("SELECT on_hand FROM log.stock WHERE sku = 'sku-100'").integer(0, 0), 0);
}

// What the statement is guarded against: rows taken in the order in which turns name them. Both wait until the other has its
// first row.
TEST_F(StockContention, rows_taken_in_the_order_of_the_turns_deadlock) {
  std::atomic<int> deadlocked = 0;
  auto take = [](const std::string& row) {
    return "UPDATE log.stock SET on_hand = on_hand - 1 WHERE pool = 0 AND sku = '" + row + "' AND location = 'ams';";
  };
  auto work = [&](int w, int, std::atomic<int>&) {
    if (w > 1) return;
    Connection connection(
        runtime::postgres::with_keyword(database.target(), "options", "-c statement_timeout=60s -c deadlock_timeout=20ms"));
    try {
      connection.exec("DO $$ BEGIN " + take(sku(w)) +
                      " PERFORM pg_advisory_xact_lock_shared(4711);"
                      " WHILE (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted AND database ="
                      " (SELECT oid FROM pg_database WHERE datname = current_database())) < 2 LOOP PERFORM pg_sleep(0.01); END LOOP; " +
                      take(sku(1 - w)) + " END $$");
    } catch (const runtime::postgres::TryAgain&) {
      ++deadlocked;
    }
  };
  run(1, work);
  EXPECT_EQ(deadlocked, 1);
}

}  // namespace
}  // namespace ordersaga::events
