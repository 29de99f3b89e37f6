#include "outbox-relay/postgres_cursor.h"

#include "events/errors.h"
#include "runtime/postgres/connection.h"
#include "tests/outbox-relay/cursor_contract.h"
#include "tests/support/test_database.h"

namespace ordersaga::relay {
namespace {

class Postgres {
 public:
  std::unique_ptr<CursorStore> open() { return std::make_unique<PostgresCursorStore>(database_.target_as("ordersaga_relay")); }
  void request_republish(int shard, std::int64_t from) {
    runtime::postgres::Connection(database_.target_as("ordersaga_operator"))
        .exec("SELECT log.request_republish('{" + std::to_string(shard) + "}', " + std::to_string(from) + ")");
  }
  std::map<int, std::string> halts() {
    std::map<int, std::string> out;
    const auto rows =
        runtime::postgres::Connection(database_.target_as("ordersaga_operator")).exec("SELECT shard, reason FROM log.relay_halts");
    for (std::size_t i = 0; i < rows.size(); ++i) out.emplace(static_cast<int>(rows.integer(i, 0)), rows.text(i, 1));
    return out;
  }

 private:
  testing_support::TestDatabase database_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, CursorContract, Postgres);

TEST(PostgresCursor, NothingCanBeSkippedByARequestAndTheEarlierPositionWins) {
  testing_support::TestDatabase database;
  PostgresCursorStore store(database.target_as("ordersaga_relay"));
  store.save(std::vector<Cursor>{{Shard(0), Epoch(1), Position(50), 49, "c"}});
  runtime::postgres::Connection operators(database.target_as("ordersaga_operator"));
  EXPECT_THROW(operators.exec("SELECT log.request_republish('{0}', 52)"), runtime::postgres::DataRefused);
  EXPECT_THROW(operators.exec("SELECT log.request_republish('{0,1}', 2)"), runtime::postgres::DataRefused) << "shard 1 has nothing";
  EXPECT_THROW(operators.exec("SELECT log.request_republish('{99}', 1)"), runtime::postgres::DataRefused);
  operators.exec("SELECT log.request_republish('{0}', 30)");
  operators.exec("SELECT log.request_republish('{0}', 40)");
  const Shard ours(0);
  EXPECT_EQ(store.rewind({&ours, 1}, Epoch(1), "c").at(0).position, Position(29));
}

TEST(PostgresCursor, AnUnreachableDatabaseIsAStoreError) {
  PostgresCursorStore store("host=127.0.0.1 port=1 dbname=none connect_timeout=2");
  EXPECT_THROW(store.load(Shard(0)), events::StoreError);
}

}  // namespace
}  // namespace ordersaga::relay
