#include "outbox-relay/postgres_cursor.h"

#include "events/errors.h"
#include "tests/outbox-relay/cursor_contract.h"
#include "tests/support/test_database.h"

namespace ordersaga::relay {
namespace {

class Postgres {
 public:
  std::unique_ptr<CursorStore> open() { return std::make_unique<PostgresCursorStore>(database_.target_as("ordersaga_relay")); }

 private:
  testing_support::TestDatabase database_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, CursorContract, Postgres);

TEST(PostgresCursor, AnUnreachableDatabaseIsAStoreError) {
  PostgresCursorStore store("host=127.0.0.1 port=1 dbname=none connect_timeout=2");
  EXPECT_THROW(store.load(Shard(0)), events::StoreError);
}

}  // namespace
}  // namespace ordersaga::relay
