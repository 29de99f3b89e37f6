// What waits for operators, and who works on a shard, in Postgres.
#include "events/postgres_event_store.h"
#include "tests/contract/event_store_operators_contract.h"
#include "tests/support/test_database.h"

namespace ordersaga::events {
namespace {

using runtime::postgres::Connection;
using runtime::postgres::Parameters;
using runtime::postgres::Statement;
using testing_support::TestDatabase;

constexpr Statement kSubmit = {"test_submit",
                               "SELECT log.submit_operator_command($1::integer, $2::text, $3::text, $4::text, $5::text, $6::bytea)"};

struct PostgresStores {
  static constexpr int kShards = 4;
  TestDatabase database;
  std::unique_ptr<EventStore> open() {
    return std::make_unique<PostgresEventStore>(
        PostgresStoreOptions{.target = database.target_as("ordersaga_writer", "-c lock_timeout=500ms")});
  }
  void submit(Shard shard, const std::string& key, const std::string& id, const std::string& type, const std::string& content_type,
              const std::string& data) {
    Connection(database.target_as("ordersaga_operator"))
        .exec(kSubmit, Parameters().add(static_cast<std::int32_t>(shard.value)).add(key).add(id).add(type).add(content_type).add(data));
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, EventStoreOperatorsContract, PostgresStores);

}  // namespace
}  // namespace ordersaga::events
