#include "events/postgres_event_store.h"

#include "tests/contract/event_store_contract.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using runtime::postgres::Rows;
using testing_support::TestDatabase;

// As the daemon's own role, with its rights and settings but for the lock timeout.
constexpr const char* kShortLocks = "-c lock_timeout=500ms";

struct PostgresStores {
  static constexpr int kShards = 4;
  TestDatabase database;
  std::unique_ptr<EventStore> open() {
    return std::make_unique<PostgresEventStore>(PostgresStoreOptions{.target = database.target_as("ordersaga_writer", kShortLocks)});
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, EventStoreContract, PostgresStores);

}  // namespace
}  // namespace ordersaga::events
